/** The bounds of the histograms, and what counts into them without prom-client. */

/** A model begins to answer within one to twenty seconds, and an agent's turn takes from two seconds to several minutes. */
export const FIRST_BYTE_BUCKETS = [0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 12, 20, 30, 60, 120];
export const DURATION_BUCKETS = [0.05, 0.25, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600];

/** How many values each bucket of a histogram has, and their sum: for a value a few comparisons and two additions. */
export class BucketCounts {
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the last is for what is above all bounds. */
  readonly counts: number[];
  count = 0;
  sum = 0;

  /** `bounds`: the upper ones, in ascending order. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? 0)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.count += 1;
    this.sum += value;
  }

  /** `other`: with the same bounds. */
  addAll(other: BucketCounts): void {
    for (const [at, count] of other.counts.entries()) this.counts[at] = (this.counts[at] ?? 0) + count;
    this.count += other.count;
    this.sum += other.sum;
  }
}
