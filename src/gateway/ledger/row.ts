/**
 * Turns the record of a finished request into a row of the ledger. Runs off the request's path. Rows wait to be written, so they
 * refer to nothing of the record but texts.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { estimated, type Usage } from '../../core/usage.ts';
import type { AttemptRecord } from '../attempts.ts';
import type { RequestKind, RequestRecord } from '../request-record.ts';
import { estimateCredits, listPriceOf } from './cost.ts';
import { errorText } from './error-text.ts';
import { groupName, programOf } from './group-names.ts';
import type {
  LedgerAdjustment,
  LedgerAmounts,
  LedgerAttempt,
  LedgerDetails,
  LedgerGroup,
  LedgerKind,
  LedgerRow,
  LedgerUsage,
} from './ledger-store.ts';

const MAX_ATTEMPTS = 32;
const MAX_ADJUSTMENTS = 50;
const MAX_ADJUSTMENT_TEXT = 200;
const MAX_NAME = 200;

/** Monitors, pages and the admin API are not recorded. */
export function isRecorded(kind: RequestKind): kind is LedgerKind {
  return kind !== 'health' && kind !== 'page' && kind !== 'admin';
}

/** `kind`: of the record, if it is recorded at all. */
export function toLedgerRow(record: RequestRecord, kind: LedgerKind): LedgerRow {
  const { requestId, responseId, receivedMs } = record;
  const usage = usageOf(record);
  const otherIds = otherIdsOf(record);
  return {
    id: responseId ?? requestId,
    receivedMs,
    group: groupOf(record, kind),
    amounts: amountsOf(record, usage),
    otherIds,
    errorText: errorTextOf(record),
    details: JSON.stringify(detailsOf(record, usage, otherIds)),
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

function groupOf(record: RequestRecord, kind: LedgerKind): LedgerGroup {
  const { client, model, route, protocol, method, routePath, code, outcome } = record;
  return {
    key: client ?? null,
    account: accountOf(record) ?? null,
    model: model === undefined ? null : groupName(model),
    answeredModel: route?.modelId ?? record.attempts.at(-1)?.modelId ?? null,
    protocol: protocol ?? null,
    client: programOf(record.userAgent).name,
    // Names of methods come from clients, and are checked by the parser only.
    route: routePath === undefined ? 'other' : `${method} ${routePath}`,
    kind,
    outcome,
    code: code ?? null,
  };
}

/** Of a reply that did not end: what its last attempt had used. */
function usageOf(record: RequestRecord): LedgerUsage | undefined {
  const usage = record.usage ?? record.attempts.findLast((attempt) => attempt.usage)?.usage;
  if (!usage) return undefined;
  const attempt = record.attempts.findLast(({ modelId }) => modelId !== undefined);
  const model = record.route?.modelId ?? attempt?.modelId ?? '';
  const estimate = estimateCredits(model, attempt?.rateMultiplier, usage);
  const listPrice = listPriceOf(model, usage) ?? listPriceOf(record.model ?? '', usage);
  return {
    ...figuresOf(usage),
    ...(usage.credits ? { credits: usage.credits } : estimate === undefined ? {} : { credits: estimated(estimate) }),
    ...(estimate === undefined ? {} : { estimatedCredits: estimate }),
    ...(listPrice === undefined ? {} : { listPriceUsd: listPrice }),
  };
}

function figuresOf(usage: Usage): LedgerUsage {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, contextPercentage } = usage;
  return {
    inputTokens,
    outputTokens,
    ...(cacheReadTokens && { cacheReadTokens }),
    ...(cacheWriteTokens && { cacheWriteTokens }),
    ...(reasoningTokens && { reasoningTokens }),
    ...(contextPercentage && { contextPercentage }),
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

function otherIdsOf({ requestId, responseId, attempts, route }: RequestRecord): string[] {
  const ids: string[] = responseId === undefined ? [] : [requestId];
  const add = (id: string | undefined) => {
    const name = id?.slice(0, MAX_NAME);
    if (name !== undefined && !ids.includes(name)) ids.push(name);
  };
  add(route?.upstreamRequestId);
  for (let at = 0; at < attempts.length && at < MAX_ATTEMPTS; at++) add(attempts[at]?.upstreamRequestId);
  return ids;
}

function detailsOf(record: RequestRecord, usage: LedgerUsage | undefined, otherIds: readonly string[]): LedgerDetails {
  const { responseId, requestId, method, path, status, durationMs, firstByteMs, route, error, stream, model } = record;
  const { adjustments = [], attempts } = record;
  const program = programOf(record.userAgent);
  const accountLabel = route?.accountLabel ?? attempts.at(-1)?.accountLabel;
  // JSON leaves undefined fields out.
  return {
    responseTo: responseId === undefined ? undefined : requestId,
    ids: otherIds.length === 0 ? undefined : otherIds,
    method,
    path,
    status,
    model: model?.slice(0, MAX_NAME),
    accountLabel,
    clientVersion: program.version,
    stream: stream || undefined,
    firstByteMs,
    durationMs,
    param: error?.param?.slice(0, MAX_NAME),
    rule: error?.rule,
    retryAfterMs: error?.retryAfterMs,
    wireProfile: route?.wireProfile,
    conversationId: route?.conversationId,
    usage,
    attempts: attempts.length === 0 ? undefined : attempts.slice(0, MAX_ATTEMPTS).map(attemptOf),
    adjustments: adjustments.length === 0 ? undefined : adjustments.slice(0, MAX_ADJUSTMENTS).map(adjustmentOf),
    adjustmentCount: adjustments.length || undefined,
  };
}

function attemptOf(attempt: AttemptRecord): LedgerAttempt {
  const { accountId, accountLabel, wireProfile, modelId, startedMs, endedMs, error, choice } = attempt;
  return {
    accountId,
    accountLabel,
    wireProfile,
    model: modelId,
    startedMs,
    endedMs,
    code: error?.code,
    error: error && errorText(error),
    reason: error?.upstream?.reason,
    upstreamStatus: error?.upstream?.status,
    upstreamRequestId: attempt.upstreamRequestId?.slice(0, MAX_NAME),
    strategy: choice?.strategy,
    waitedMs: choice?.waitedMs || undefined,
    skipped: choice?.skipped.length ? choice.skipped : undefined,
  };
}

function adjustmentOf({ rule, path, before, after }: Adjustment): LedgerAdjustment {
  return {
    rule,
    path: path.slice(0, MAX_ADJUSTMENT_TEXT),
    ...(before === undefined ? {} : { before: String(before).slice(0, MAX_ADJUSTMENT_TEXT) }),
    ...(after === undefined ? {} : { after: String(after).slice(0, MAX_ADJUSTMENT_TEXT) }),
  };
}
