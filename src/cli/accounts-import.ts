/** `dragoman accounts import`: the sign-ins of other programs, shown first, stored when somebody says so. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { checkedProfileArn } from '../accounts/credentials/patterns.ts';
import type { ImportStatus } from '../accounts/imports/import-status.ts';
import type { Account } from '../accounts/ports.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import { toAccountView } from '../http/admin/account-view.ts';
import { type Candidate, findingsTable, shownCandidate } from './accounts-found.ts';
import { fileResult, filesTable, isFailed } from './accounts-import-files.ts';
import { type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { findProfile } from './find-profile.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

type Opened = Awaited<ReturnType<typeof openGateway>>;

const PLACES = ['kiro-ide', 'kiro-cli', 'amazon-q-cli', 'sso-cache', 'codewhisperer-proxy', 'environment'] as const;
type PlaceName = (typeof PLACES)[number];

export const accountsImport: Command = {
  name: 'import',
  summary: 'takes over sign-ins of the Kiro IDE, Kiro CLI, Amazon Q CLI, the AWS toolkits and other gateways',
  argument: {
    name: 'file',
    meaning: 'one or more files of them, or of other gateways; without any, this machine is searched',
  },
  options: [
    { flag: '--from <places>', meaning: `where to look, separated by commas: ${PLACES.join(', ')}` },
    { flag: '--profile-arn <arn>', meaning: 'the profile to use, if your organisation has several' },
    { flag: '--yes', meaning: 'do not ask: import all that can be used' },
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
    if (profileArn !== undefined) checkedProfileArn(profileArn, '--profile-arn');
    await using opened = await openGateway(input);
    const candidates = await look(input, opened, places);
    if (!input.json) tellFound(input, candidates);
    const chosen = await choose(input, candidates, places !== undefined || input.argument !== undefined);
    const imported: Account[] = [];
    for (const { account } of chosen) imported.push(await take(input, opened, account));
    const files = input.args.map((file) => fileResult(file, candidates, chosen));
    if (input.json) {
      const accounts = imported.map((account) => toAccountView(account, Date.now()));
      printJson(input.terminal, { found: candidates.map(shownCandidate), imported: accounts, files });
    } else if (files.length > 1) input.terminal.out(filesTable(files, input.terminal.columns));
    if (files.length > 1 && files.some(isFailed)) return 1;
    const isThere = candidates.some(({ standing }) => standing.type === 'known');
    return imported.length > 0 || isThere || isListing(input, candidates) ? 0 : 1;
  },
};

/** undefined: not said. */
function placesOf(input: CommandInput): readonly PlaceName[] | undefined {
  const written = textOption(input, 'from');
  if (written === undefined) return undefined;
  if (input.argument !== undefined) throw new UsageError('Name a file or --from, not both.');
  return written.split(',').map((name) => {
    const place = PLACES.find((known) => known === name.trim());
    if (place) return place;
    const shown = JSON.stringify(name.trim().slice(0, 60));
    const suggestion = didYouMean(name, PLACES);
    throw new UsageError(`--from: ${shown} is not a place to import from.${suggestion} Places: ${PLACES.join(', ')}.`);
  });
}

async function look(
  { args }: CommandInput,
  { settings, store }: Opened,
  places: readonly PlaceName[] | undefined,
): Promise<readonly Candidate[]> {
  const [{ discover, inspectFiles }, { findInEnvironment }, { importStatusOf }] = await Promise.all([
    import('../accounts/imports/discover.ts'),
    import('../accounts/imports/environment-finding.ts'),
    import('../accounts/imports/import-status.ts'),
  ]);
  const reading = { nowMs: Date.now(), idpHosts: settings.idpHosts };
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
    const named = (places ?? PLACES.filter((place) => place !== 'environment')).filter(
      (place) => place !== 'environment',
    );
    const environment = places?.includes('environment') ? findInEnvironment(settings, reading) : [];
    const discovered = [...(await discover(machine, named, reading)), ...environment];
    return discovered.map((finding) => ({ finding, file: undefined }));
  };
  const [findings, stored] = await Promise.all([find(), store.accounts.list()]);
  return findings.map(({ finding, file }) => ({ finding, file, standing: importStatusOf(finding, stored) }));
}

function tellFound({ terminal, argument }: CommandInput, candidates: readonly Candidate[]): void {
  if (candidates.length === 0) {
    const where = argument ?? 'Kiro IDE, Kiro CLI, Amazon Q CLI, the AWS SSO cache and codewhisperer-proxy';
    terminal.say(`No account is signed in there (${where}). \`dragoman login\` signs in.\n`);
    return;
  }
  terminal.out(findingsTable(candidates, terminal.columns, Date.now()));
  for (const { finding, standing } of candidates) {
    if (standing.type === 'unusable')
      terminal.out(`${terminal.style('yellow', 'not usable')}: ${finding.place}: ${standing.problem.message}\n`);
    else if (!finding.isSure)
      terminal.out(`${terminal.style('yellow', 'unsure')}: ${finding.place}: nothing says what it was made for.\n`);
  }
}

type New = Extract<ImportStatus, { type: 'new' }>;

async function choose(
  input: CommandInput,
  candidates: readonly Candidate[],
  isNamed: boolean,
): Promise<readonly New[]> {
  const offered = candidates.flatMap(({ finding, standing }) => {
    return standing.type === 'new' ? [{ finding, standing, isChosen: finding.isSure || isNamed }] : [];
  });
  const chosen = offered.filter(({ isChosen }) => isChosen).map(({ standing }) => standing);
  if (input.options.yes === true) return chosen;
  if (offered.length === 0 || input.json) return [];
  if (!input.terminal.isInteractive || process.stdin.isTTY !== true)
    throw new UsageError('Nobody is there to be asked what to import. Add --yes.');
  const { isCancel, multiselect } = await import('@clack/prompts');
  const answer = await multiselect({
    message: 'Which ones shall dragoman use, beside the program they belong to?',
    options: offered.map(({ finding, standing }) => ({
      value: standing,
      label: `${standing.account.label}, ${standing.account.credential.kind}`,
      hint: finding.place,
    })),
    initialValues: chosen,
    required: false,
  });
  if (isCancel(answer)) throw new GatewayError('client_closed', 'Nothing was imported.');
  return answer;
}

async function take(input: CommandInput, opened: Opened, account: New['account']): Promise<Account> {
  const added = await opened.accounts.add(account);
  const { terminal, json } = input;
  if (!json) {
    const linked = added.source.type === 'import' ? '' : ', linked to its source';
    terminal.out(`Imported: ${terminal.style('green', added.label)} (${added.id})${linked}.\n`);
  }
  return findProfile(input, opened, added, textOption(input, 'profileArn'));
}

/** Asked for as JSON without --yes: what was found is the answer. */
function isListing({ json, options }: CommandInput, candidates: readonly Candidate[]): boolean {
  return json && options.yes !== true && candidates.some(({ standing }) => standing.type === 'new');
}
