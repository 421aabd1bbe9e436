/** `dragoman doctor --request FILE`: checks a captured request, and on demand finds the part that the service refuses. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createMediaTools } from '../../compose.ts';
import { loadWireProfiles } from '../../compose-profiles.ts';
import type { Conversation } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import type { AttemptRecord } from '../../gateway/attempts.ts';
import { type CommandInput, printJson, UsageError } from '../command.ts';
import { type OpenGateway, openGateway } from '../open-gateway.ts';
import type { Terminal } from '../terminal.ts';
import { findCulprit, type SearchResult } from './culprit/search.ts';
import { type Suggestion, suggest } from './culprit/suggestion.ts';
import { accessFor, lintRequest, type RequestFinding } from './lint-request.ts';
import { type CapturedRequest, FileError, readRequest } from './read-request.ts';

interface Report {
  readonly source: string;
  readonly protocol: string;
  readonly wireProfile: string;
  readonly findings: readonly RequestFinding[];
  readonly sent?: SentReport;
}

interface SentReport {
  readonly result: SearchResult;
  readonly suggestion?: Suggestion;
  /** Requests to the service. */
  readonly calls: number;
  /** Whether the suggested readings were stored. */
  readonly learnt?: boolean;
}

/** Exit code 1 if the request is refused, by dragoman or by the service. */
export async function examineRequest(input: CommandInput, file: string): Promise<number> {
  const captured = await readCaptured(file);
  await using opened = await openGateway(input);
  const profiles = await loadWireProfiles(opened.settings);
  const access = accessFor(opened.accounts.list()[0], profiles, opened.settings.wireProfile);
  const { request, findings } = await lintRequest(captured, access, profiles, createMediaTools(opened.settings));
  const isRefused = findings.some(({ status }) => status === 'refused');
  const { source, protocol } = captured;
  const about = { source, protocol: protocol.id, wireProfile: access.wireProfile, findings };
  const isSent = input.options.send === true && !isRefused && request !== undefined && 'conversation' in request;
  const report: Report = isSent ? { ...about, sent: await send(request.conversation, opened, input) } : about;
  const isWell = !isRefused && (report.sent === undefined || report.sent.result.type === 'accepted');
  if (input.json) printJson(input.terminal, { ok: isWell, ...report });
  else print(report, input.terminal);
  return isWell ? 0 : 1;
}

/** Throws UsageError. */
async function readCaptured(file: string): Promise<CapturedRequest> {
  try {
    return readRequest(await readFile(file, 'utf8'));
  } catch (cause) {
    if (cause instanceof FileError) throw new UsageError(`${file}: ${cause.message}`);
    throw new UsageError(`Could not read ${file}: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/** Rejects with the error of a failure that is not about the request's form. */
async function send(conversation: Conversation, opened: OpenGateway, input: CommandInput): Promise<SentReport> {
  const attempts: AttemptRecord[] = [];
  const isRefused = async (candidate: Conversation): Promise<boolean> => {
    const isRefusal = await isRefusedBy(opened, candidate, attempts, input.terminal.closed);
    if (!input.json) input.terminal.err(isRefusal ? 'x' : '.');
    return isRefusal;
  };
  const result = await findCulprit(conversation, isRefused);
  if (!input.json) input.terminal.err('\n');
  const sent = { result, calls: attempts.length };
  if (!('part' in result)) return sent;
  const suggestion = suggest(result);
  if (input.options.learn !== true || !suggestion.readings) return { ...sent, suggestion };
  const attempt = attempts.find(({ accountId, wireProfile }) => accountId !== undefined && wireProfile !== undefined);
  if (attempt?.accountId === undefined || attempt.wireProfile === undefined)
    return { ...sent, suggestion, learnt: false };
  await opened.accounts.learnReadings(attempt.accountId, attempt.wireProfile, suggestion.readings);
  const changes = Object.entries(suggestion.readings).map(([rule, after]) => ({ field: rule, before: null, after }));
  await opened.record({ action: 'account.change', target: attempt.accountId, changes });
  return { ...sent, suggestion, learnt: true };
}

async function isRefusedBy(
  { gateway, settings }: OpenGateway,
  conversation: Conversation,
  attempts: AttemptRecord[],
  closed: AbortSignal,
): Promise<boolean> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, closed, AbortSignal.timeout(settings.firstByteTimeoutMs)]);
  try {
    await gateway.ask(
      { requestId: randomUUID(), client: 'doctor', conversation, adjustments: [], attempts, firstAid: false },
      signal,
    );
    return false;
  } catch (cause) {
    const error = GatewayError.from(cause);
    if (error.upstream?.status === 400 && REFUSALS.has(error.code)) return true;
    throw error;
  } finally {
    // The reply itself is not needed, and would cost more.
    stop.abort();
  }
}

const REFUSALS: ReadonlySet<string> = new Set(['upstream_refused', 'invalid_request', 'documents_refused']);

function print(report: Report, terminal: Terminal): void {
  const { source, protocol, wireProfile, findings, sent } = report;
  terminal.say(`${source} for ${protocol}, checked for the wire profile ${wireProfile}\n\n`);
  for (const finding of findings) terminal.say(findingLine(finding, terminal));
  const refused = findings.filter(({ status }) => status === 'refused').length;
  if (refused > 0)
    terminal.say(`\n${refused} ${refused === 1 ? 'rule is' : 'rules are'} broken: dragoman refuses this request.\n`);
  else terminal.say(`${findings.length > 0 ? '\n' : ''}No rule is broken that dragoman cannot mend.\n`);
  if (sent) for (const line of sentLines(sent)) terminal.say(`${line}\n`);
}

function findingLine({ status, rule, path, detail, remedy }: RequestFinding, { style }: Terminal): string {
  const sign = status === 'refused' ? style('red', '✗') : style('yellow', '!');
  const line = `${sign} ${style('bold', rule)}${path === null ? '' : ` at ${path}`}: ${detail}\n`;
  return remedy === null ? line : `${line}  ${style('cyan', '→')} ${remedy}\n`;
}

function sentLines({ result, suggestion, calls, learnt }: SentReport): readonly string[] {
  const used = `${calls} ${calls === 1 ? 'request' : 'requests'} sent.`;
  switch (result.type) {
    case 'accepted':
      return [`The service accepts it. ${used}`];
    case 'not-in-the-request':
      return [
        'The service refuses even a request without anything of this one.',
        'The reason is the account, its profile or the wire profile: run `dragoman doctor`.',
        used,
      ];
    case 'part':
    case 'sum': {
      const { kind, path, name } = result.part;
      const what = `${kind}${name === undefined ? '' : ` ${JSON.stringify(name)}`} at ${path}`;
      const found =
        result.type === 'part'
          ? `The service refuses this part: ${what}.`
          : `The service refuses no single part, but their sum: the limit is crossed with ${what}.`;
      return [found, ...(suggestion ? suggestionLines(suggestion, learnt) : []), used];
    }
  }
}

function suggestionLines({ advice, readings, profile }: Suggestion, learnt: boolean | undefined): readonly string[] {
  const rules = Object.entries(readings ?? {}).map(([rule, reading]) => `${rule} = ${reading}`);
  const stored = learnt === true ? 'Stored for this account.' : 'Add --learn to store it for this account.';
  return [
    `→ ${advice}`,
    ...(rules.length > 0 ? [`→ Rule: ${rules.join(', ')}. ${stored}`] : []),
    ...(profile ? [`→ Rule, as members of a wire profile of your own: ${JSON.stringify(profile)}`] : []),
  ];
}
