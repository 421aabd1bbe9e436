/** The use of each key over the time range of the page. */
import type { Bucket } from '../../api/history.ts';

export interface KeySums {
  readonly requests: number;
  readonly credits: number;
}

/** The sums of each key, by id. */
export function sumsByKey(buckets: readonly Bucket[] | undefined): ReadonlyMap<string, KeySums> {
  const sums = new Map<string, KeySums>();
  for (const { group, requests, credits } of buckets ?? []) {
    if (group === null) continue;
    const known = sums.get(group) ?? { requests: 0, credits: 0 };
    sums.set(group, { requests: known.requests + requests, credits: known.credits + credits });
  }
  return sums;
}
