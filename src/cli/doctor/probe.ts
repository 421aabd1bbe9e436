/** `dragoman doctor --probe`: asks on the user's own account how the service reads contested rules, and stores it. */
import type { Account } from '../../accounts/ports.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Catalogue } from '../../core/models.ts';
import { isoTime } from '../../core/times.ts';
import type { ProbePlan, ProbeResult } from '../../gateway/probe.ts';
import { systemClock } from '../../transport/clock.ts';
import { VERSION } from '../../version.ts';
import { findAccount } from '../account-argument.ts';
import { type CommandInput, printJson, UsageError } from '../command.ts';
import { type OpenGateway, openGateway } from '../open-gateway.ts';

const LISTING_TIMEOUT_MS = 30_000;

/** `reference`: an account; undefined: every enabled one. */
export async function probe(input: CommandInput, reference: string | undefined): Promise<number> {
  await using opened = await openGateway(input);
  const accounts = accountsOf(opened.accounts.list(), reference);
  const reports: Report[] = [];
  for (const account of accounts) reports.push(await probeAccount(input, opened, account));
  if (input.json)
    printJson(input.terminal, { ok: reports.every(({ failure }) => !failure), probes: reports.map(jsonOf) });
  return reports.every(({ failure }) => !failure) ? 0 : 1;
}

interface Report {
  readonly account: Account;
  readonly plan: ProbePlan;
  readonly results: readonly ProbeResult[];
  /** Chats that were sent. */
  readonly sent: number;
  /** What ended the probe early. */
  readonly failure: GatewayError | undefined;
}

function accountsOf(all: readonly Account[], reference: string | undefined): readonly Account[] {
  if (reference !== undefined) return [findAccount(reference, all)];
  const enabled = all.filter(({ health }) => health.state.status !== 'disabled');
  if (enabled.length > 0) return enabled;
  throw new GatewayError('no_account', 'No enabled account is stored. Run `dragoman login` first.');
}

async function probeAccount(input: CommandInput, opened: OpenGateway, account: Account): Promise<Report> {
  const { terminal, json } = input;
  const [prober, catalogue] = await Promise.all([opened.openProber(), listModels(opened)]);
  const lent = await opened.accounts.lent(account.id);
  const plan = await prober.plan(lent, catalogue);
  if (!json) terminal.out(announcement(account, plan));
  if (!(await isConfirmed(input))) throw new GatewayError('client_closed', 'Nothing was sent.');
  const results: ProbeResult[] = [];
  let failure: GatewayError | undefined;
  try {
    for await (const result of prober.run(plan, terminal.closed)) {
      results.push(result);
      if (!json) terminal.out(lineOf(result));
    }
  } catch (cause) {
    failure = GatewayError.from(cause);
    if (!json) terminal.err(`\nThe probe ended early: ${failure.details}\n`);
  }
  await store(opened, account, plan, results);
  const report = { account, plan, results, sent: prober.sent, failure };
  if (!json) terminal.out(`\n${tableOf(report)}\n`);
  return report;
}

/** Empty if the service refuses the form of the request: the probe finds out whether it refuses chats for the same reason. */
function listModels({ gateway }: OpenGateway): Promise<Catalogue> {
  return gateway.models(AbortSignal.timeout(LISTING_TIMEOUT_MS)).catch((cause: unknown) => {
    if (!MAY_BE_ABOUT_FORM.has(GatewayError.from(cause).code)) throw cause;
    return { models: [], defaultModelId: undefined };
  });
}

const MAY_BE_ABOUT_FORM: ReadonlySet<ErrorCode> = new Set([
  'permission_denied',
  'token_rejected',
  'credential_rejected',
]);

function announcement({ label }: Account, { account, model, questions, calls, credits }: ProbePlan): string {
  const cost = `${shown(credits.least)} to ${shown(credits.most)} credits (estimated)`;
  return (
    `${questions.length} questions with the model ${model.id ?? 'auto'} through the wire profile ${account.access.wireProfile} ` +
    `of ${label}: ${calls.least} to ${calls.most} short chats, ${cost}.\n`
  );
}

/** Throws UsageError without a terminal. */
async function isConfirmed({ terminal, json, options }: CommandInput): Promise<boolean> {
  if (options.yes === true) return true;
  if (json || !terminal.isInteractive || process.stdin.isTTY !== true)
    throw new UsageError('A probe uses credits, and there is no terminal to confirm on. Pass --yes.');
  const { confirm } = await import('@clack/prompts');
  return (await confirm({ message: 'Ask them?', initialValue: false })) === true;
}

async function store(
  { accounts }: OpenGateway,
  { id }: Account,
  { account: { access } }: ProbePlan,
  results: readonly ProbeResult[],
): Promise<void> {
  const learnt = results.flatMap(({ rule, reading }) => (reading === undefined ? [] : [[rule, reading] as const]));
  if (learnt.length > 0) await accounts.learnReadings(id, access.wireProfile, Object.fromEntries(learnt));
}

function lineOf({ rule, reading, refusal }: ProbeResult): string {
  return `${rule.padEnd(24)} ${reading ?? 'unclear'}${refusal ? ` (${reasonOf(refusal)})` : ''}\n`;
}

/** Without the service's text, which may name the user. */
function reasonOf({ code, upstream }: GatewayError): string {
  if (!upstream) return code;
  return `refused with ${[upstream.status, upstream.name, upstream.reason].filter((part) => part !== undefined).join(' ')}`;
}

/** In Markdown, without anything that identifies the account. */
function tableOf({ account, plan, results, sent, failure }: Report): string {
  const { access } = plan.account;
  const rows = results.map(
    ({ rule, question, reading, refusal }) =>
      `| \`${rule}\` | ${question} | ${reading ?? 'unclear'} | ${refusal ? reasonOf(refusal) : ''} |`,
  );
  const day = isoTime(systemClock.now()).slice(0, 10);
  const skipped =
    plan.skipped.length === 0 ? [] : ['', `Not asked, since they make no difference here: ${plan.skipped.join(', ')}.`];
  return [
    `dragoman ${VERSION}, ${day}, ${account.credential.kind}, ${access.region}, ${access.wireProfile}, ${plan.model.id ?? 'auto'}, ${sent} chats`,
    '',
    '| rule | question | reading | bolder reading |',
    '|---|---|---|---|',
    ...rows,
    ...skipped,
    ...(failure ? ['', `Ended early: ${failure.code}, ${reasonOf(failure)}.`] : []),
    '',
  ].join('\n');
}

function jsonOf({ account, plan, results, sent, failure }: Report) {
  const { calls, credits, skipped, model } = plan;
  return {
    account: { id: account.id, label: account.label },
    wireProfile: plan.account.access.wireProfile,
    model: model.id ?? null,
    planned: { calls, credits },
    calls: sent,
    credits: results.reduce((sum, result) => sum + result.credits, 0),
    results: results.map(({ rule, reading, refusal }) => ({
      rule,
      reading: reading ?? null,
      refusal: refusal ? reasonOf(refusal) : null,
    })),
    skipped,
    failure: failure ? { code: failure.code, message: failure.details } : null,
  };
}

function shown(credits: number): string {
  return credits.toFixed(credits < 0.1 ? 3 : 2);
}
