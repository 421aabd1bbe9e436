/** Sums over time, as the ledger keeps them. */
import { queryOptions } from '@tanstack/react-query';
import type { HistoryBucket, HistoryQuery } from '../../../src/http/admin/contract/usage-history.ts';
import { RANGE_MS, type TimeRange } from '../shell/range.ts';
import { HISTORY_KEY } from './keys.ts';
import { get } from './request.ts';

export type Bucket = HistoryBucket;

const BY_HOURS_MS = 4 * RANGE_MS['24h'];

export function spanOf({ fromMs, toMs }: TimeRange): 'hour' | 'day' {
  return toMs - fromMs <= BY_HOURS_MS ? 'hour' : 'day';
}

/** In whole hours or days, since the sums have no shorter ones. */
export function historyQuery(range: TimeRange, filter: Pick<HistoryQuery, 'key'>) {
  const time = range.name === 'custom' ? [range.fromMs, range.toMs] : [range.name];
  return queryOptions({
    queryKey: [...HISTORY_KEY, filter, ...time],
    queryFn: async ({ signal }) => {
      const query = {
        ...filter,
        by: spanOf(range),
        from: new Date(range.fromMs).toISOString(),
        to: new Date(range.toMs).toISOString(),
      };
      return (await get<{ readonly buckets: readonly HistoryBucket[] }>('/v2/usage/history', { query, signal }))
        .buckets;
    },
  });
}
