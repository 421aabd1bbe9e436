/**
 * A histogram of prom-client that takes many values at once. prom-client's own takes them one by one and finds the series for each by
 * a text of its labels.
 */
import {
  Histogram,
  type LabelValues,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type Registry,
} from 'prom-client';
import { BucketCounts } from './bucket-counts.ts';
import type { HistogramDefinition } from './definitions.ts';

interface Series {
  readonly labels: LabelValues<string>;
  readonly counts: BucketCounts;
}

export class SummedHistogram<Label extends string> extends Histogram<string> {
  readonly #definition: HistogramDefinition<Label>;
  /** By the values of their labels. */
  readonly #series = new Map<string, Series>();

  constructor(definition: HistogramDefinition<Label>, registry: Registry) {
    const { name, help, labels, buckets } = definition;
    super({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] });
    this.#definition = definition;
  }

  addAll(labels: Record<Label, string>, counts: BucketCounts): void {
    // A series without values would be on the page.
    if (counts.count === 0) return;
    const key = this.#definition.labels.map((label) => labels[label]).join('\n');
    let series = this.#series.get(key);
    if (!series) {
      series = { labels, counts: new BucketCounts(this.#definition.buckets) };
      this.#series.set(key, series);
    }
    series.counts.addAll(counts);
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const object = await super.get();
    return { ...object, values: [...this.#series.values()].flatMap((series) => this.#valuesOf(series)) };
  }

  #valuesOf({ labels, counts: { counts, count, sum } }: Series): MetricValueWithName<string>[] {
    const { name, buckets } = this.#definition;
    let below = 0;
    const values: MetricValueWithName<string>[] = counts.map((inBucket, at) => {
      below += inBucket;
      return { metricName: `${name}_bucket`, labels: { le: buckets[at] ?? '+Inf', ...labels }, value: below };
    });
    values.push(
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    );
    return values;
  }
}
