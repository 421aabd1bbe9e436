/** Replies of an account by hour, as a strip shows them. */
import { type Bucket, HOUR_MS, startOfHour } from '../../api/history.ts';

export const STRIP_HOURS = 24;

export interface AccountHour {
  readonly fromMs: number;
  readonly requests: number;
  readonly errors: number;
}

/** By account, oldest first: one for each hour, also where nothing happened. */
export function hoursByAccount(
  buckets: readonly Bucket[],
  nowMs: number,
): (accountId: string) => readonly AccountHour[] {
  const known = new Map(buckets.map((bucket) => [`${bucket.group} ${Date.parse(bucket.from)}`, bucket]));
  const lastMs = startOfHour(nowMs);
  return (accountId) =>
    Array.from({ length: STRIP_HOURS }, (_, index) => {
      const fromMs = lastMs - (STRIP_HOURS - 1 - index) * HOUR_MS;
      const { requests = 0, errors = 0 } = known.get(`${accountId} ${fromMs}`) ?? {};
      return { fromMs, requests, errors };
    });
}
