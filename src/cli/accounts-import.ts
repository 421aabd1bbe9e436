/** `dragoman accounts import`: lists the sign-ins of other programs and stores those that the user confirms. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { checkedProfileArn } from '../accounts/credentials/patterns.ts';
import type { ImportStatus } from '../accounts/imports/import-status.ts';
import type { Account } from '../accounts/ports.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import { toAccountView } from '../http/admin/account-view.ts';
import { toFoundSignIn } from '../http/admin/import-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type Candidate, findingsTable } from './accounts-found.ts';
import { fileResult, filesTable, isFailed } from './accounts-import-files.ts';
import { asUsage, type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { findProfile } from './find-profile.ts';
import { openGateway } from './open-gateway.ts';
import { recordAccount } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

type Opened = Awaited<ReturnType<typeof openGateway>>;

const PLACES = ['kiro-ide', 'kiro-cli', 'amazon-q-cli', 'sso-cache', 'codewhisperer-proxy', 'environment'] as const;
type PlaceName = (typeof PLACES)[number];

export const accountsImport: Command = {
  name: 'import',
  summary: 'Import sign-ins of Kiro IDE, Kiro CLI, Amazon Q CLI, the AWS toolkits and other gateways',
  argument: {
    name: 'file',
    meaning: 'credential files to import; searches this machine if omitted',
  },
  options: [
    { flag: '--from <places>', meaning: `comma-separated sources to search: ${PLACES.join(', ')}` },
    { flag: '--profile-arn <arn>', meaning: 'profile to use if your organisation has several' },
    { flag: '--yes', meaning: 'import every usable sign-in without prompting' },
    ...settingOptions('database', 'upstream'),
  ],
  examples: [
    'dragoman accounts import',
    'dragoman accounts import ~/other-gateway/accounts.json --yes',
    'dragoman accounts import accounts-*.json --yes',
    'dragoman accounts import --from kiro-cli --yes',
    'dragoman accounts import --json',
  ],
  async run(input) {
    const places = placesOf(input);
    const profileArn = textOption(input, 'profileArn');
    if (profileArn !== undefined) asUsage(() => checkedProfileArn(profileArn, '--profile-arn'));
    await using opened = await openGateway(input);
    const candidates = await findCandidates(input, opened, places);
    if (!input.json) printCandidates(input, candidates);
    const chosen = await chooseCandidates(input, candidates, places !== undefined || input.argument !== undefined);
    const imported: Account[] = [];
    for (const { account } of chosen) imported.push(await importAccount(input, opened, account));
    const files = input.args.map((file) => fileResult(file, candidates, chosen));
    if (input.json) {
      const accounts = imported.map((account) => toAccountView(account, systemClock.now()));
      printJson(input.terminal, {
        found: candidates.map(({ finding, status }) => toFoundSignIn(finding, status)),
        imported: accounts,
        files,
      });
    } else if (files.length > 1) input.terminal.out(filesTable(files, input.terminal.columns));
    if (files.length > 1 && files.some(isFailed)) return 1;
    const isAlreadyStored = candidates.some(({ status }) => status.type === 'known');
    return imported.length > 0 || isAlreadyStored || isListing(input, candidates) ? 0 : 1;
  },
};

/** The sources named by --from, or undefined without it. */
function placesOf(input: CommandInput): readonly PlaceName[] | undefined {
  const written = textOption(input, 'from');
  if (written === undefined) return undefined;
  if (input.argument !== undefined) throw new UsageError('Pass a file or --from, not both.');
  return written.split(',').map((name) => {
    const place = PLACES.find((known) => known === name.trim());
    if (place) return place;
    const shown = JSON.stringify(name.trim().slice(0, 60));
    const suggestion = didYouMean(name, PLACES);
    throw new UsageError(`--from: ${shown} is not a source.${suggestion} Sources: ${PLACES.join(', ')}.`);
  });
}

async function findCandidates(
  { args }: CommandInput,
  { settings, store }: Opened,
  places: readonly PlaceName[] | undefined,
): Promise<readonly Candidate[]> {
  const [{ discover, inspectFiles }, { findInEnvironment }, { importStatusOf }] = await Promise.all([
    import('../accounts/imports/discover.ts'),
    import('../accounts/imports/environment-finding.ts'),
    import('../accounts/imports/import-status.ts'),
  ]);
  const reading = { nowMs: systemClock.now(), idpHosts: settings.idpHosts };
  const machine = {
    home: homedir(),
    platform: process.platform,
    env: process.env,
    kiroFile: settings.kiroTokenFile,
  };
  const find = async (): Promise<readonly Pick<Candidate, 'finding' | 'file'>[]> => {
    if (args.length > 0) {
      const inspected = await inspectFiles(
        args.map((file) => resolve(file)),
        reading,
      );
      return inspected.flatMap(({ findings }, index) => findings.map((finding) => ({ finding, file: args[index] })));
    }
    const searched = (places ?? PLACES.filter((place) => place !== 'environment')).filter(
      (place) => place !== 'environment',
    );
    const environment = places?.includes('environment') ? findInEnvironment(settings, reading) : [];
    const discovered = [...(await discover(machine, searched, reading)), ...environment];
    return discovered.map((finding) => ({ finding, file: undefined }));
  };
  const [findings, stored] = await Promise.all([find(), store.accounts.list()]);
  return findings.map(({ finding, file }) => ({ finding, file, status: importStatusOf(finding, stored) }));
}

function printCandidates(input: CommandInput, candidates: readonly Candidate[]): void {
  const { terminal, argument } = input;
  if (candidates.length === 0) {
    const everywhere = 'Kiro IDE, Kiro CLI, Amazon Q CLI, the AWS SSO cache and codewhisperer-proxy';
    const where = argument ?? placesOf(input)?.join(', ') ?? everywhere;
    terminal.say(`No signed-in account found (${where}). Sign in with \`dragoman login\`.\n`);
    return;
  }
  terminal.out(findingsTable(candidates, terminal.columns, systemClock.now()));
  for (const { finding, status } of candidates) {
    if (status.type === 'unusable')
      terminal.out(`${terminal.style('yellow', 'unusable')}: ${finding.place}: ${status.problem.message}\n`);
    else if (!finding.isSure)
      terminal.out(
        `${terminal.style('yellow', 'unsure')}: ${finding.place}: the file does not say which program it belongs to.\n`,
      );
  }
}

type New = Extract<ImportStatus, { type: 'new' }>;

async function chooseCandidates(
  input: CommandInput,
  candidates: readonly Candidate[],
  isNamed: boolean,
): Promise<readonly New[]> {
  const offered = candidates.flatMap(({ finding, status }) => {
    return status.type === 'new' ? [{ finding, status, isChosen: finding.isSure || isNamed }] : [];
  });
  const chosen = offered.filter(({ isChosen }) => isChosen).map(({ status }) => status);
  if (input.options.yes === true) return chosen;
  if (offered.length === 0 || input.json) return [];
  if (!input.terminal.isInteractive || process.stdin.isTTY !== true)
    throw new UsageError('No terminal to prompt on. Pass --yes.');
  const { isCancel, multiselect } = await import('@clack/prompts');
  const answer = await multiselect({
    message: 'Which sign-ins should dragoman share with the programs they belong to?',
    options: offered.map(({ finding, status }) => ({
      value: status,
      label: `${status.account.label}, ${status.account.credential.kind}`,
      hint: finding.place,
    })),
    initialValues: chosen,
    required: false,
  });
  if (isCancel(answer)) throw new GatewayError('client_closed', 'Nothing was imported.');
  return answer;
}

async function importAccount(input: CommandInput, opened: Opened, account: New['account']): Promise<Account> {
  const added = await opened.accounts.add(account);
  const { terminal, json } = input;
  if (!json) {
    const linked = added.source.type === 'import' ? '' : ', linked to its source';
    terminal.out(`Imported ${terminal.style('green', added.label)} (${added.id})${linked}.\n`);
  }
  await recordAccount(opened, 'account.add', undefined, added);
  const complete = await findProfile(input, opened, added, textOption(input, 'profileArn'));
  if (complete !== added) await recordAccount(opened, 'account.change', added, complete);
  return complete;
}

/** With --json but without --yes, the command only lists what it found. */
function isListing({ json, options }: CommandInput, candidates: readonly Candidate[]): boolean {
  return json && options.yes !== true && candidates.some(({ status }) => status.type === 'new');
}
