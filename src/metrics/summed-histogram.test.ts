import { Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { BucketCounts } from './bucket-counts.ts';
import { writePage } from './registry.ts';
import { SummedHistogram } from './summed-histogram.ts';

/** Sums of these and of the values are exact, whatever their order. */
const BUCKETS = [1 / 16, 1 / 4, 1];
const VALUES = [0, 1 / 64, 1 / 16, 17 / 256, 1 / 4, 7 / 8, 1, 1.5, 400];
const DEFINITION = {
  name: 'wait_seconds',
  type: 'histogram',
  help: 'Waiting.',
  labels: ['kind', 'end'],
  buckets: BUCKETS,
} as const;

it('has the page that prom-client writes for the same values one by one', async () => {
  const [expected, summed] = [new Registry(), new Registry()];
  const { name, help, labels } = DEFINITION;
  const single = new Histogram({ name, help, labelNames: labels, buckets: BUCKETS, registers: [expected] });
  const histogram = new SummedHistogram(DEFINITION, summed);
  for (const registry of [expected, summed]) registry.setDefaultLabels({ worker: '2' });
  for (const series of [
    { kind: 'a', end: 'ok' },
    { kind: 'a', end: 'failed' },
    { kind: 'a', end: 'ok' },
  ]) {
    const counts = new BucketCounts(BUCKETS);
    for (const value of VALUES) {
      counts.add(value);
      single.observe(series, value);
    }
    histogram.addAll(series, counts);
  }
  histogram.addAll({ kind: 'b', end: 'none' }, new BucketCounts(BUCKETS));
  const pageOf = async (registry: Registry) => writePage([await registry.getMetricsAsJSON()]);
  expect(await pageOf(summed)).toBe(await pageOf(expected));
});
