/** Results of costly work by the data they were made from: the same data, asked for by many at once, is worked on once. */
import { createHash } from 'node:crypto';

export class Remembered<T> {
  readonly #results = new Map<string, { readonly result: Promise<T>; size: number }>();
  readonly #maxSize: number;
  readonly #sizeOf: (result: T) => number;
  #size = 0;

  /** The oldest results are forgotten when all together are larger than `maxSize`. */
  constructor(maxSize: number, sizeOf: (result: T) => number) {
    this.#maxSize = maxSize;
    this.#sizeOf = sizeOf;
  }

  /** `how`: whatever besides the data decides the result. Failures are not remembered. */
  get(how: string, data: string | Uint8Array, make: () => Promise<T>): Promise<T> {
    const key = createHash('sha256').update(`${how}\n`).update(data).digest('base64');
    const known = this.#results.get(key);
    if (known) {
      this.#results.delete(key);
      this.#results.set(key, known);
      return known.result;
    }
    const entry = { result: make(), size: 0 };
    this.#results.set(key, entry);
    entry.result.then(
      (result) => {
        entry.size = this.#sizeOf(result);
        this.#size += entry.size;
        this.#forget();
      },
      () => this.#results.delete(key),
    );
    return entry.result;
  }

  #forget(): void {
    for (const [key, { size }] of this.#results) {
      if (this.#size <= this.#maxSize) return;
      this.#results.delete(key);
      this.#size -= size;
    }
  }
}
