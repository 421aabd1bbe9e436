/**
 * What a row of the ledger has besides its group and its sums, as JSON. Each byte of it is written twice, to the log of the database
 * and to its file, and most of it is the same in all rows of a group: what the group says is left out, a third of a usual row.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { type Figure, measured } from '../../core/usage.ts';
import type { AttemptRecord } from '../attempts.ts';
import type { RequestRecord } from '../request-record.ts';
import { errorText } from './error-text.ts';
import type { LedgerAdjustment, LedgerAttempt, LedgerDetails, LedgerGroup, LedgerUsage } from './ledger-store.ts';

export const MAX_ATTEMPTS = 32;
/** Characters. */
export const MAX_NAME = 200;
const MAX_ADJUSTMENTS = 50;
const MAX_ADJUSTMENT_TEXT = 200;
/** Rows of older versions have none, and are LedgerDetails as they stand. */
const FORMAT = 2;

/** In stored JSON: a figure that the service reported is a number alone. */
type StoredFigure = Figure | number;
type FigureName = keyof Omit<LedgerUsage, 'estimatedCredits' | 'listPriceUsd'>;
type StoredUsage = Pick<LedgerUsage, 'estimatedCredits' | 'listPriceUsd'> & {
  readonly [Name in FigureName]?: StoredFigure | undefined;
};

/** Absent: as in the request. Null: unknown, although the request has one. Times count from when the request was received. */
type StoredAttempt = Omit<LedgerAttempt, SharedName> & {
  readonly [Name in SharedName]?: string | null | undefined;
};
type SharedName = 'accountId' | 'accountLabel' | 'wireProfile' | 'model';

/** `method` and `path`: absent where they are those of the group's route. `ids`: absent where they are those of the attempts. */
type StoredDetails = Omit<LedgerDetails, 'method' | 'path' | 'usage' | 'attempts'> & {
  readonly format: typeof FORMAT;
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly usage: StoredUsage | undefined;
  readonly attempts: readonly StoredAttempt[] | undefined;
};

interface DetailsContext {
  readonly group: LedgerGroup;
  readonly usage: LedgerUsage | undefined;
  readonly otherIds: readonly string[];
  readonly clientVersion: string | undefined;
}

/** JSON, without undefined fields. */
export function writeDetails(record: RequestRecord, { group, usage, otherIds, clientVersion }: DetailsContext): string {
  const { responseId, requestId, method, path, status, durationMs, firstByteMs, route, error, stream, model } = record;
  const { adjustments = [], attempts: all } = record;
  const accountLabel = route?.accountLabel ?? all.at(-1)?.accountLabel;
  const wireProfile = route?.wireProfile;
  const shared = { accountId: group.account, accountLabel, wireProfile, model: group.answeredModel };
  const attempts =
    all.length === 0
      ? undefined
      : all.slice(0, MAX_ATTEMPTS).map((attempt) => toStoredAttempt(attempt, shared, record.receivedMs));
  const isRoute = group.route === `${method} ${path}`;
  return JSON.stringify({
    format: FORMAT,
    responseTo: responseId === undefined ? undefined : requestId,
    ids: otherIds.length === 0 || isEqual(otherIds, idsOfAttempts(attempts)) ? undefined : otherIds,
    method: isRoute ? undefined : method,
    path: isRoute ? undefined : path,
    status,
    model: model?.slice(0, MAX_NAME),
    accountLabel,
    clientVersion,
    stream: stream || undefined,
    firstByteMs,
    durationMs,
    param: error?.param?.slice(0, MAX_NAME),
    rule: error?.rule,
    retryAfterMs: error?.retryAfterMs,
    wireProfile,
    conversationId: route?.conversationId,
    usage: usage && toStoredUsage(usage),
    attempts,
    adjustments: adjustments.length === 0 ? undefined : adjustments.slice(0, MAX_ADJUSTMENTS).map(adjustmentOf),
    adjustmentCount: adjustments.length || undefined,
  } satisfies StoredDetails);
}

/** `json`: of this version or an older one. `receivedMs`, `group`: of the same row. */
export function readDetails(
  json: string,
  { receivedMs, group }: { receivedMs: number; group: LedgerGroup },
): LedgerDetails {
  const stored: StoredDetails | (LedgerDetails & { readonly format?: undefined }) = JSON.parse(json);
  if (stored.format === undefined) return stored;
  const { format: _, method, path, usage, attempts, ids = idsOfAttempts(attempts), ...others } = stored;
  const space = group.route.indexOf(' ');
  const shared = { ...others, accountId: group.account, model: group.answeredModel };
  return {
    ...others,
    ...(ids.length > 0 && { ids }),
    method: method ?? group.route.slice(0, space),
    path: path ?? group.route.slice(space + 1),
    ...(usage && { usage: toUsage(usage) }),
    ...(attempts && { attempts: attempts.map((attempt) => toAttempt(attempt, shared, receivedMs)) }),
  };
}

/** Ids that find the row besides its own. */
export function otherIdsIn(json: string): readonly string[] {
  const { ids, attempts }: Pick<StoredDetails, 'ids' | 'attempts'> = JSON.parse(json);
  return ids ?? idsOfAttempts(attempts);
}

/** What attempts mostly have in common. */
type Shared = { readonly [Name in SharedName]?: string | null | undefined };

function toStoredAttempt(attempt: AttemptRecord, shared: Shared, receivedMs: number): StoredAttempt {
  const { startedMs, endedMs, error, choice } = attempt;
  return {
    accountId: differing(attempt.accountId, shared.accountId),
    accountLabel: differing(attempt.accountLabel, shared.accountLabel),
    wireProfile: differing(attempt.wireProfile, shared.wireProfile),
    model: differing(attempt.modelId, shared.model),
    startedMs: startedMs - receivedMs,
    endedMs: endedMs === undefined ? undefined : endedMs - receivedMs,
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

function toAttempt(stored: StoredAttempt, shared: Shared, receivedMs: number): LedgerAttempt {
  const { accountId, accountLabel, wireProfile, model, startedMs, endedMs, ...others } = stored;
  return {
    accountId: fullValue(accountId, shared.accountId),
    accountLabel: fullValue(accountLabel, shared.accountLabel),
    wireProfile: fullValue(wireProfile, shared.wireProfile),
    model: fullValue(model, shared.model),
    startedMs: startedMs + receivedMs,
    ...(endedMs !== undefined && { endedMs: endedMs + receivedMs }),
    ...others,
  };
}

function differing(value: string | undefined, shared: string | null | undefined): string | null | undefined {
  return value === (shared ?? undefined) ? undefined : (value ?? null);
}

function fullValue(stored: string | null | undefined, shared: string | null | undefined): string | undefined {
  return (stored === undefined ? shared : stored) ?? undefined;
}

/** Each once. */
function idsOfAttempts(attempts: readonly Pick<StoredAttempt, 'upstreamRequestId'>[] = []): string[] {
  const ids: string[] = [];
  for (const { upstreamRequestId: id } of attempts) if (id !== undefined && !ids.includes(id)) ids.push(id);
  return ids;
}

function isEqual(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id, index) => id === others[index]);
}

function toStoredUsage(usage: LedgerUsage): StoredUsage {
  return {
    inputTokens: toStoredFigure(usage.inputTokens),
    outputTokens: toStoredFigure(usage.outputTokens),
    cacheReadTokens: toStoredFigure(usage.cacheReadTokens),
    cacheWriteTokens: toStoredFigure(usage.cacheWriteTokens),
    reasoningTokens: toStoredFigure(usage.reasoningTokens),
    contextPercentage: toStoredFigure(usage.contextPercentage),
    credits: toStoredFigure(usage.credits),
    estimatedCredits: usage.estimatedCredits,
    listPriceUsd: usage.listPriceUsd,
  };
}

function toStoredFigure(figure: Figure | undefined): StoredFigure | undefined {
  return figure?.provenance === 'measured' ? figure.value : figure;
}

function toUsage({ estimatedCredits, listPriceUsd, ...figures }: StoredUsage): LedgerUsage {
  const entries = Object.entries(figures).map(([name, figure]) => [
    name,
    typeof figure === 'number' ? measured(figure) : figure,
  ]);
  return {
    ...Object.fromEntries(entries),
    ...(estimatedCredits !== undefined && { estimatedCredits }),
    ...(listPriceUsd !== undefined && { listPriceUsd }),
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
