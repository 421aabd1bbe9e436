/** A cache of expensive results, keyed by their input. Concurrent requests for the same input share one computation. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '../core/async.ts';

export class Remembered<T> {
  readonly #running = new SingleFlight<T>();
  readonly #results: LRUCache<string, { readonly result: T }>;

  /** Evicts the least recently used results when the total size exceeds `maxSize`. */
  constructor(maxSize: number, sizeOf: (result: T) => number) {
    this.#results = new LRUCache({ maxSize, sizeCalculation: ({ result }) => sizeOf(result) });
  }

  /** `variant`: everything besides the data that affects the result. Failures are not cached. */
  async get(variant: string, data: string | Uint8Array, compute: () => Promise<T>): Promise<T> {
    const key = createHash('sha256').update(`${variant}\n`).update(data).digest('base64');
    const cached = this.#results.get(key);
    if (cached) return cached.result;
    return this.#running.run(key, async () => {
      const result = await compute();
      this.#results.set(key, { result });
      return result;
    });
  }
}
