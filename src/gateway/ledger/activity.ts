/** Sums, ranks and percentiles of what the ledger has recorded. Pure: the store reads, this adds up. */
import type { LedgerBucket, LedgerDimension, StoredLedgerRow } from './ledger-store.ts';

export interface ActivitySums {
  readonly requests: number;
  readonly errors: number;
  readonly abandoned: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly credits: number;
  /** The part of `credits` that is estimated. */
  readonly estimatedCredits: number;
}

export interface ActivityBucket extends ActivitySums {
  readonly startMs: number;
  /** Null: no such value, or not grouped. */
  readonly group: string | null;
}

export interface RankedGroup extends ActivitySums {
  readonly group: string | null;
}

const NOTHING: ActivitySums = {
  requests: 0,
  errors: 0,
  abandoned: 0,
  inputTokens: 0,
  outputTokens: 0,
  credits: 0,
  estimatedCredits: 0,
};

function added(a: ActivitySums, b: ActivitySums): ActivitySums {
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    abandoned: a.abandoned + b.abandoned,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    credits: a.credits + b.credits,
    estimatedCredits: a.estimatedCredits + b.estimatedCredits,
  };
}

export function totalOf(sums: Iterable<ActivitySums>): ActivitySums {
  let total = NOTHING;
  for (const each of sums) total = added(total, each);
  return total;
}

/** Of buckets with one dimension, or none. */
export function toActivity({ values, ...bucket }: LedgerBucket): ActivityBucket {
  return { ...bucket, group: values[0] ?? null };
}

/** The sums of single rows, by intervals of `spanMs`; oldest first. For times shorter than the ledger's sums have. */
export function bucketsOfRows(
  rows: readonly StoredLedgerRow[],
  dimension: LedgerDimension,
  spanMs: number,
): ActivityBucket[] {
  const buckets = new Map<string, ActivityBucket>();
  for (const row of rows) {
    const startMs = row.receivedMs - (row.receivedMs % spanMs);
    const group = row.group[dimension];
    const name = JSON.stringify([startMs, group]);
    buckets.set(name, { startMs, group, ...added(buckets.get(name) ?? NOTHING, sumsOfRow(row)) });
  }
  return [...buckets.values()].sort((a, b) => a.startMs - b.startMs);
}

function sumsOfRow({ group: { outcome }, details: { usage } }: StoredLedgerRow): ActivitySums {
  const credits = usage?.credits?.value ?? 0;
  return {
    requests: 1,
    errors: outcome === 'refused' || outcome === 'failed' || outcome === 'timeout' ? 1 : 0,
    abandoned: outcome === 'abandoned' ? 1 : 0,
    inputTokens: usage?.inputTokens?.value ?? 0,
    outputTokens: usage?.outputTokens?.value ?? 0,
    credits,
    estimatedCredits: usage?.credits?.provenance === 'estimated' ? credits : 0,
  };
}

/** The groups with the most requests, largest first. `sums`: several of one group are added up. */
export function ranked(sums: readonly RankedGroup[], count: number): RankedGroup[] {
  const groups = new Map<string | null, ActivitySums>();
  for (const each of sums) groups.set(each.group, added(groups.get(each.group) ?? NOTHING, each));
  return [...groups]
    .map(([group, sums]) => ({ group, ...sums }))
    .sort((a, b) => b.requests - a.requests)
    .slice(0, count);
}

/** By the nearest rank; undefined for no values. `share`: 0 to 1. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
