/**
 * What a row of the ledger has besides its group and its sums. Every byte of it is written twice, to the log of the database and to
 * its file, and waits in memory before. So it is stored as a JSON array, without names, and without what its group says: half as
 * long as an object.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { type Figure, measured, type Provenance } from '../../core/usage.ts';
import type { AttemptRecord } from '../attempts.ts';
import type { RequestRecord } from '../request-record.ts';
import { errorText } from './error-text.ts';
import type { LedgerAdjustment, LedgerAttempt, LedgerDetails, LedgerGroup, LedgerUsage } from './ledger-store.ts';
import { type OlderDetails, otherIdsInOlder, readOlderDetails } from './older-details.ts';

export const MAX_ATTEMPTS = 32;
/** Characters. */
export const MAX_NAME = 200;
const MAX_ADJUSTMENTS = 50;
const MAX_ADJUSTMENT_TEXT = 200;
const FORMAT = 3;

/** JSON has null for undefined. */
type Optional<T> = T | null | undefined;

type StoredDetails = readonly [
  format: typeof FORMAT,
  attempts: readonly StoredAttempt[],
  others: Optional<OtherDetails>,
  status: number,
  durationMs: number,
  firstByteMs: Optional<number>,
  isStream: 0 | 1,
  model: Optional<string>,
  accountLabel: Optional<string>,
  clientVersion: Optional<string>,
  wireProfile: Optional<string>,
  conversationId: Optional<string>,
  usage: Optional<StoredUsage>,
];

/** What few requests have. */
type OtherDetails = Pick<
  LedgerDetails,
  'responseTo' | 'ids' | 'param' | 'rule' | 'retryAfterMs' | 'adjustments' | 'adjustmentCount'
> & {
  /** As `path`: absent where it is that of the group's route. `ids`: absent where they are those of the attempts. */
  readonly method: string | undefined;
  readonly path: string | undefined;
};

type StoredUsage = readonly [
  inputTokens: Optional<StoredFigure>,
  outputTokens: Optional<StoredFigure>,
  cacheReadTokens: Optional<StoredFigure>,
  cacheWriteTokens: Optional<StoredFigure>,
  reasoningTokens: Optional<StoredFigure>,
  contextPercentage: Optional<StoredFigure>,
  credits: Optional<StoredFigure>,
  estimatedCredits: Optional<number>,
  listPriceUsd: Optional<number>,
];

/** A figure that the service reported is a number alone. */
type StoredFigure = number | readonly [value: number, provenance: Provenance];

/** Times count from when the request was received. */
type StoredAttempt = readonly [
  startedMs: number,
  endedMs: Optional<number>,
  upstreamRequestId: Optional<string>,
  strategy: Optional<string>,
  others: Optional<OtherOfAttempt>,
];

/** What few attempts have. A shared name is absent where it is as in the request, and null where only the request has one. */
type OtherOfAttempt = Shared &
  Pick<LedgerAttempt, 'code' | 'error' | 'reason' | 'upstreamStatus' | 'waitedMs' | 'skipped'>;

/** What an attempt mostly has in common with its request. */
interface Shared {
  readonly accountId?: Optional<string>;
  readonly accountLabel?: Optional<string>;
  readonly wireProfile?: Optional<string>;
  readonly model?: Optional<string>;
}

interface DetailsContext {
  readonly group: LedgerGroup;
  readonly usage: LedgerUsage | undefined;
  readonly otherIds: readonly string[];
  readonly clientVersion: string | undefined;
}

export function writeDetails(record: RequestRecord, context: DetailsContext): string {
  const { status, durationMs, firstByteMs, stream, model, route, attempts: all } = record;
  const { group, usage, clientVersion } = context;
  const accountLabel = route?.accountLabel ?? all.at(-1)?.accountLabel;
  const wireProfile = route?.wireProfile;
  const shared = { accountId: group.account, accountLabel, wireProfile, model: group.answeredModel };
  const attempts: StoredAttempt[] = [];
  for (const attempt of all) {
    if (attempts.length === MAX_ATTEMPTS) break;
    attempts.push(toStoredAttempt(attempt, shared, record.receivedMs));
  }
  const stored: StoredDetails = [
    FORMAT,
    attempts,
    othersOf(record, attempts, context),
    status,
    durationMs,
    firstByteMs,
    stream ? 1 : 0,
    model?.slice(0, MAX_NAME),
    accountLabel,
    clientVersion,
    wireProfile,
    route?.conversationId,
    usage && toStoredUsage(usage),
  ];
  return JSON.stringify(stored);
}

/** `json`: of this version or an older one. `receivedMs`, `group`: of the same row. */
export function readDetails(
  json: string,
  { receivedMs, group }: { receivedMs: number; group: LedgerGroup },
): LedgerDetails {
  const stored: StoredDetails | OlderDetails = JSON.parse(json);
  if (!isStoredDetails(stored)) return readOlderDetails(stored, { receivedMs, group });
  const [, attempts, others, status, durationMs, firstByteMs, isStream, ...names] = stored;
  const [model, accountLabel, clientVersion, wireProfile, conversationId, usage] = names;
  const { ids = idsOfAttempts(attempts), method, path, ...rare } = others ?? {};
  const space = group.route.indexOf(' ');
  const shared = { accountId: group.account, accountLabel, wireProfile, model: group.answeredModel };
  return {
    ...rare,
    ids: ids.length === 0 ? undefined : ids,
    method: method ?? group.route.slice(0, space),
    path: path ?? group.route.slice(space + 1),
    status,
    model: model ?? undefined,
    accountLabel: accountLabel ?? undefined,
    clientVersion: clientVersion ?? undefined,
    stream: isStream === 1 || undefined,
    firstByteMs: firstByteMs ?? undefined,
    durationMs,
    wireProfile: wireProfile ?? undefined,
    conversationId: conversationId ?? undefined,
    usage: usage ? toUsage(usage) : undefined,
    attempts: attempts.length === 0 ? undefined : attempts.map((attempt) => toAttempt(attempt, shared, receivedMs)),
  };
}

/** Ids that find the row besides its own. */
export function otherIdsIn(json: string): readonly string[] {
  const stored: StoredDetails | OlderDetails = JSON.parse(json);
  if (!isStoredDetails(stored)) return otherIdsInOlder(stored);
  const [, attempts, others] = stored;
  return others?.ids ?? idsOfAttempts(attempts);
}

function isStoredDetails(stored: StoredDetails | OlderDetails): stored is StoredDetails {
  return Array.isArray(stored);
}

function othersOf(
  record: RequestRecord,
  attempts: readonly StoredAttempt[],
  { group, otherIds }: DetailsContext,
): OtherDetails | undefined {
  const { responseId, requestId, method, path, error, adjustments = [] } = record;
  const isRoute = group.route === `${method} ${path}`;
  const areOfAttempts = otherIds.length === 0 || isEqual(otherIds, idsOfAttempts(attempts));
  if (isRoute && areOfAttempts && !error && responseId === undefined && adjustments.length === 0) return undefined;
  return {
    responseTo: responseId === undefined ? undefined : requestId,
    ids: areOfAttempts ? undefined : otherIds,
    method: isRoute ? undefined : method,
    path: isRoute ? undefined : path,
    param: error?.param?.slice(0, MAX_NAME),
    rule: error?.rule,
    retryAfterMs: error?.retryAfterMs,
    adjustments: adjustments.length === 0 ? undefined : adjustments.slice(0, MAX_ADJUSTMENTS).map(adjustmentOf),
    adjustmentCount: adjustments.length || undefined,
  };
}

function toStoredAttempt(attempt: AttemptRecord, shared: Shared, receivedMs: number): StoredAttempt {
  const { startedMs, endedMs, upstreamRequestId, choice } = attempt;
  return [
    startedMs - receivedMs,
    endedMs === undefined ? undefined : endedMs - receivedMs,
    upstreamRequestId?.slice(0, MAX_NAME),
    choice?.strategy,
    othersOfAttempt(attempt, shared),
  ];
}

function othersOfAttempt(attempt: AttemptRecord, shared: Shared): OtherOfAttempt | undefined {
  const { error, choice } = attempt;
  const accountId = differing(attempt.accountId, shared.accountId);
  const accountLabel = differing(attempt.accountLabel, shared.accountLabel);
  const wireProfile = differing(attempt.wireProfile, shared.wireProfile);
  const model = differing(attempt.modelId, shared.model);
  const waitedMs = choice?.waitedMs || undefined;
  const skipped = choice?.skipped.length ? choice.skipped : undefined;
  const isShared = [accountId, accountLabel, wireProfile, model].every((name) => name === undefined);
  if (isShared && !error && waitedMs === undefined && skipped === undefined) return undefined;
  return {
    accountId,
    accountLabel,
    wireProfile,
    model,
    code: error?.code,
    error: error && errorText(error),
    reason: error?.upstream?.reason,
    upstreamStatus: error?.upstream?.status,
    waitedMs,
    skipped,
  };
}

function toAttempt(stored: StoredAttempt, shared: Shared, receivedMs: number): LedgerAttempt {
  const [startedMs, endedMs, upstreamRequestId, strategy, others] = stored;
  const { accountId, accountLabel, wireProfile, model, ...rare } = others ?? {};
  return {
    accountId: fullValue(accountId, shared.accountId),
    accountLabel: fullValue(accountLabel, shared.accountLabel),
    wireProfile: fullValue(wireProfile, shared.wireProfile),
    model: fullValue(model, shared.model),
    startedMs: startedMs + receivedMs,
    endedMs: typeof endedMs === 'number' ? endedMs + receivedMs : undefined,
    upstreamRequestId: upstreamRequestId ?? undefined,
    strategy: strategy ?? undefined,
    ...rare,
  };
}

function differing(value: string | undefined, shared: Optional<string>): Optional<string> {
  return value === (shared ?? undefined) ? undefined : (value ?? null);
}

function fullValue(stored: Optional<string>, shared: Optional<string>): string | undefined {
  return (stored === undefined ? shared : stored) ?? undefined;
}

/** Each once. */
function idsOfAttempts(attempts: readonly StoredAttempt[]): string[] {
  const ids: string[] = [];
  for (const [, , id] of attempts) if (typeof id === 'string' && !ids.includes(id)) ids.push(id);
  return ids;
}

function isEqual(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id, index) => id === others[index]);
}

function toStoredUsage(usage: LedgerUsage): StoredUsage {
  return [
    toStoredFigure(usage.inputTokens),
    toStoredFigure(usage.outputTokens),
    toStoredFigure(usage.cacheReadTokens),
    toStoredFigure(usage.cacheWriteTokens),
    toStoredFigure(usage.reasoningTokens),
    toStoredFigure(usage.contextPercentage),
    toStoredFigure(usage.credits),
    usage.estimatedCredits,
    usage.listPriceUsd,
  ];
}

function toStoredFigure(figure: Figure | undefined): StoredFigure | undefined {
  if (!figure) return undefined;
  return figure.provenance === 'measured' ? figure.value : [figure.value, figure.provenance];
}

function toUsage(stored: StoredUsage): LedgerUsage {
  const [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, ...rest] = stored;
  const [contextPercentage, credits, estimatedCredits, listPriceUsd] = rest;
  return {
    inputTokens: toFigure(inputTokens),
    outputTokens: toFigure(outputTokens),
    cacheReadTokens: toFigure(cacheReadTokens),
    cacheWriteTokens: toFigure(cacheWriteTokens),
    reasoningTokens: toFigure(reasoningTokens),
    contextPercentage: toFigure(contextPercentage),
    credits: toFigure(credits),
    estimatedCredits: estimatedCredits ?? undefined,
    listPriceUsd: listPriceUsd ?? undefined,
  };
}

function toFigure(stored: Optional<StoredFigure>): Figure | undefined {
  if (stored === undefined || stored === null) return undefined;
  return typeof stored === 'number' ? measured(stored) : { value: stored[0], provenance: stored[1] };
}

function adjustmentOf({ rule, path, before, after }: Adjustment): LedgerAdjustment {
  return {
    rule,
    path: path.slice(0, MAX_ADJUSTMENT_TEXT),
    ...(before === undefined ? {} : { before: String(before).slice(0, MAX_ADJUSTMENT_TEXT) }),
    ...(after === undefined ? {} : { after: String(after).slice(0, MAX_ADJUSTMENT_TEXT) }),
  };
}
