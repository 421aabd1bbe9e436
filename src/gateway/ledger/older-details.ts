/**
 * Reads the details of rows that earlier builds wrote: JSON objects. Those of format 2 leave out what the group says; those
 * without a format are LedgerDetails as they stand.
 */
import { type Figure, measured } from '../../core/usage.ts';
import type { LedgerAttempt, LedgerDetails, LedgerGroup, LedgerUsage } from './ledger-store.ts';

export type OlderDetails = (LedgerDetails & { readonly format?: undefined }) | DetailsOfFormat2;

type DetailsOfFormat2 = Omit<LedgerDetails, 'method' | 'path' | 'usage' | 'attempts'> & {
  readonly format: 2;
  readonly method?: string;
  readonly path?: string;
  /** A figure that the service reported is a number alone. */
  readonly usage?: Readonly<Record<string, Figure | number>>;
  readonly attempts?: readonly AttemptOfFormat2[];
};

/** Times count from when the request was received. */
type AttemptOfFormat2 = Omit<LedgerAttempt, SharedName> & {
  /** Absent: as in the request. Null: unknown, although the request has one. */
  readonly [Name in SharedName]?: string | null | undefined;
};
type SharedName = 'accountId' | 'accountLabel' | 'wireProfile' | 'model';

export function readOlderDetails(
  stored: OlderDetails,
  { receivedMs, group }: { receivedMs: number; group: LedgerGroup },
): LedgerDetails {
  if (stored.format === undefined) return stored;
  const { format: _, method, path, usage, attempts, ...others } = stored;
  const ids = otherIdsInOlder(stored);
  const space = group.route.indexOf(' ');
  const { accountLabel, wireProfile } = others;
  const shared = { accountId: group.account, accountLabel, wireProfile, model: group.answeredModel };
  return {
    ...others,
    ids: ids.length === 0 ? undefined : ids,
    method: method ?? group.route.slice(0, space),
    path: path ?? group.route.slice(space + 1),
    usage: usage && toUsage(usage),
    attempts: attempts?.map((attempt) => toAttempt({ ...shared, ...attempt }, receivedMs)),
  };
}

export function otherIdsInOlder({ ids, attempts = [] }: OlderDetails): readonly string[] {
  return ids ?? [...new Set(attempts.flatMap(({ upstreamRequestId }) => upstreamRequestId ?? []))];
}

function toAttempt(attempt: AttemptOfFormat2, receivedMs: number): LedgerAttempt {
  const { startedMs, endedMs, accountId, accountLabel, wireProfile, model } = attempt;
  return {
    ...attempt,
    accountId: accountId ?? undefined,
    accountLabel: accountLabel ?? undefined,
    wireProfile: wireProfile ?? undefined,
    model: model ?? undefined,
    startedMs: startedMs + receivedMs,
    endedMs: endedMs === undefined ? undefined : endedMs + receivedMs,
  };
}

function toUsage({ estimatedCredits, listPriceUsd, ...figures }: NonNullable<DetailsOfFormat2['usage']>): LedgerUsage {
  const entries = Object.entries(figures).map(([name, figure]) => [
    name,
    typeof figure === 'number' ? measured(figure) : figure,
  ]);
  return { ...Object.fromEntries(entries), estimatedCredits, listPriceUsd };
}
