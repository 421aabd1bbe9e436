/**
 * Turns the record of a finished request into a row of the ledger. Runs off the request's path. Rows wait to be written, so they
 * refer to nothing of the record but texts.
 */
import { estimated } from '../../core/usage.ts';
import type { RequestKind, RequestRecord } from '../request-record.ts';
import { estimateCredits, listPriceOf } from './cost.ts';
import { MAX_ATTEMPTS, MAX_NAME, writeDetails } from './details.ts';
import { errorText } from './error-text.ts';
import { groupName, isSameGroup, programOf } from './group-names.ts';
import type { LedgerAmounts, LedgerGroup, LedgerKind, LedgerRow, LedgerUsage } from './ledger-store.ts';

/** Monitors, pages and the admin API are not recorded. */
export function isRecorded(kind: RequestKind): kind is LedgerKind {
  return kind !== 'health' && kind !== 'page' && kind !== 'admin';
}

/** `kind`: of the record, if it is recorded at all. `last`: the group of another row, which a row of an equal group shares. */
export function toLedgerRow(record: RequestRecord, kind: LedgerKind, last?: LedgerGroup): LedgerRow {
  const { requestId, responseId, receivedMs } = record;
  const program = programOf(record.userAgent);
  const usage = usageOf(record);
  const otherIds = otherIdsOf(record);
  const group = groupOf(record, kind, program.name, last);
  return {
    id: responseId ?? requestId,
    receivedMs,
    group,
    amounts: amountsOf(record, usage),
    otherIds,
    errorText: errorTextOf(record),
    details: writeDetails(record, { group, usage, otherIds, clientVersion: program.version }),
    text: record.text?.text,
  };
}

/** Credits that the request has used, for running sums; 0 if unknown. */
export function creditsOf(record: RequestRecord): number {
  return (record.usage?.credits ?? usageOf(record)?.credits)?.value ?? 0;
}

/** The account that answered, or else the last one tried. */
export function accountOf({ route, attempts }: RequestRecord): string | undefined {
  // `none`: an answer that needed no account.
  return (route?.accountId === 'none' ? undefined : route?.accountId) ?? attempts.at(-1)?.accountId;
}

function groupOf(record: RequestRecord, kind: LedgerKind, program: string, last: LedgerGroup | undefined): LedgerGroup {
  const { route, method, routePath } = record;
  const group: LedgerGroup = {
    key: record.client ?? null,
    account: accountOf(record) ?? null,
    model: modelName(record.model, last),
    answeredModel: route?.modelId ?? record.attempts.at(-1)?.modelId ?? null,
    protocol: record.protocol ?? null,
    client: program,
    // Names of methods come from clients, and are checked by the parser only.
    route: routePath === undefined ? 'other' : `${method} ${routePath}`,
    kind,
    outcome: record.outcome,
    code: record.code ?? null,
  };
  return last && isSameGroup(group, last) ? last : group;
}

/** A name that is in a group already is short and has no control characters. */
function modelName(model: string | undefined, last: LedgerGroup | undefined): string | null {
  if (model === undefined) return null;
  return model === last?.model ? model : groupName(model);
}

/** Of a reply that did not end: what its last attempt had used. JSON leaves undefined fields out. */
function usageOf(record: RequestRecord): LedgerUsage | undefined {
  const usage = record.usage ?? record.attempts.findLast((attempt) => attempt.usage)?.usage;
  if (!usage) return undefined;
  const attempt = record.attempts.findLast(({ modelId }) => modelId !== undefined);
  const model = record.route?.modelId ?? attempt?.modelId ?? '';
  const estimatedCredits = estimateCredits(model, attempt?.rateMultiplier, usage);
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    reasoningTokens: usage.reasoningTokens,
    contextPercentage: usage.contextPercentage,
    credits: usage.credits ?? (estimatedCredits === undefined ? undefined : estimated(estimatedCredits)),
    estimatedCredits,
    listPriceUsd: listPriceOf(model, usage) ?? listPriceOf(record.model ?? '', usage),
  };
}

function amountsOf({ durationMs, firstByteMs }: RequestRecord, usage: LedgerUsage | undefined): LedgerAmounts {
  const credits = usage?.credits;
  return {
    requests: 1,
    inputTokens: usage?.inputTokens?.value ?? 0,
    outputTokens: usage?.outputTokens?.value ?? 0,
    cacheReadTokens: usage?.cacheReadTokens?.value ?? 0,
    credits: credits?.value ?? 0,
    estimatedCredits: credits && credits.provenance !== 'measured' ? credits.value : 0,
    listPriceUsd: usage?.listPriceUsd ?? 0,
    durationMs,
    firstByteMs: firstByteMs ?? 0,
    firstByteCount: firstByteMs === undefined ? 0 : 1,
  };
}

/** Of the request, or of its last failed attempt if another one succeeded, so that a search finds both. */
function errorTextOf({ error, code, attempts }: RequestRecord): string | null {
  const shown = code === undefined ? attempts.findLast((attempt) => attempt.error)?.error : error;
  return shown ? errorText(shown) : null;
}

function otherIdsOf({ requestId, responseId, attempts, route }: RequestRecord): readonly string[] {
  let ids = withId(responseId === undefined ? [] : [requestId], route?.upstreamRequestId);
  for (let at = 0; at < attempts.length && at < MAX_ATTEMPTS; at++) ids = withId(ids, attempts[at]?.upstreamRequestId);
  return ids;
}

/** Most rows have one; the first `push` of a list, and a spread, makes room for sixteen more. */
function withId(ids: readonly string[], id: string | undefined): readonly string[] {
  const name = id?.slice(0, MAX_NAME);
  if (name === undefined || ids.includes(name)) return ids;
  return ids.length === 0 ? [name] : [...ids, name];
}
