/** Results of costly work by the data they were made from: the same data, asked for by many at once, is worked on once. */
import { createHash } from 'node:crypto';

interface Entry<T> {
  readonly result: Promise<T>;
  /** Undefined while it is being worked on. */
  size: number | undefined;
}

export class Remembered<T> {
  readonly #results = new Map<string, Entry<T>>();
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
    const entry: Entry<T> = { result: make(), size: undefined };
    this.#results.set(key, entry);
    entry.result.then(
      (result) => this.#settle(key, entry, this.#sizeOf(result)),
      () => this.#drop(key, entry),
    );
    return entry.result;
  }

  #settle(key: string, entry: Entry<T>, size: number): void {
    // What is no longer in the map is not counted: nobody would ever take it off again.
    if (this.#results.get(key) !== entry) return;
    entry.size = size;
    this.#size += size;
    this.#forget();
  }

  #drop(key: string, entry: Entry<T>): void {
    if (this.#results.get(key) === entry) this.#results.delete(key);
  }

  /** What is being worked on stays: forgetting it would free nothing, and have it made twice. */

  #forget(): void {
    for (const [key, { size }] of this.#results) {
      if (this.#size <= this.#maxSize) return;
      if (size === undefined) continue;
      this.#results.delete(key);
      this.#size -= size;
    }
  }
}
