/** The buckets of the ledger as points of a chart: one for each interval, also where nothing happened. */
import type { Activity } from '../../api/activity.ts';
import type { ChartPoint } from '../../components/series.ts';
import type { TimeRange } from '../../shell/range.ts';
import type { Metric } from './overview-search.ts';

const SPAN_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const MAX_POINTS = 1_000;

type Bucket = Pick<
  Activity['buckets'][number],
  'from' | 'group' | 'label' | 'requests' | 'errors' | 'inputTokens' | 'outputTokens' | 'credits'
>;

const VALUES: Record<Metric, (bucket: Bucket) => number> = {
  requests: ({ requests }) => requests,
  errors: ({ errors }) => errors,
  tokens: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
  credits: ({ credits }) => credits,
};

/** `nameOf`: of a bucket without a group. */
export function toPoints(
  { buckets, span }: { readonly buckets: readonly Bucket[]; readonly span: Activity['span'] },
  metric: Metric,
  { fromMs, toMs }: Pick<TimeRange, 'fromMs' | 'toMs'>,
  nameless: string,
): readonly ChartPoint[] {
  const spanMs = SPAN_MS[span];
  const values = new Map<number, Record<string, number>>();
  const first = fromMs - (fromMs % spanMs);
  for (let timeMs = first; timeMs <= toMs && values.size < MAX_POINTS; timeMs += spanMs) values.set(timeMs, {});
  for (const bucket of buckets) {
    const point = values.get(Date.parse(bucket.from));
    const name = bucket.label ?? bucket.group ?? nameless;
    if (point) point[name] = (point[name] ?? 0) + VALUES[metric](bucket);
  }
  return [...values].map(([timeMs, sums]) => ({ timeMs, values: sums }));
}

/** All groups together, oldest first. */
export function toLine(points: readonly ChartPoint[]): readonly number[] {
  return points.map(({ values }) => Object.values(values).reduce((sum, value) => sum + value, 0));
}
