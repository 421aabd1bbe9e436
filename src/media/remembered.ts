/** Results of costly work by the data they were made from: the same data, sent by many at once, is worked on once. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '../core/async.ts';

export class Remembered<T> {
  readonly #running = new SingleFlight<T>();
  readonly #results: LRUCache<string, { readonly result: T }>;

  /** The least recently used results are forgotten when all together are larger than `maxSize`. */
  constructor(maxSize: number, sizeOf: (result: T) => number) {
    this.#results = new LRUCache({ maxSize, sizeCalculation: ({ result }) => sizeOf(result) });
  }

  /** `how`: everything but the data that decides the result. Failures are not remembered. */
  async get(how: string, data: string | Uint8Array, make: () => Promise<T>): Promise<T> {
    const key = createHash('sha256').update(`${how}\n`).update(data).digest('base64');
    const known = this.#results.get(key);
    if (known) return known.result;
    return this.#running.run(key, async () => {
      const result = await make();
      this.#results.set(key, { result });
      return result;
    });
  }
}
