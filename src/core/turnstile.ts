/** There is no room to wait in, or whoever waited has waited long enough. */
export class NoPlace extends Error {
  override readonly name = 'NoPlace';
}

/** Lets so many in at a time; the others wait in the order in which they came. */
export class Turnstile {
  readonly #waiting = new Set<() => void>();
  readonly #maxWaiting: number;
  #free: number;

  constructor(places: number, maxWaiting = Number.POSITIVE_INFINITY) {
    this.#free = places;
    this.#maxWaiting = maxWaiting;
  }

  /** Rejects with `NoPlace` when too many wait already, or when `patience` is aborted before it is their turn. */
  async pass<T>(work: () => Promise<T>, patience?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(patience);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #wait(patience: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting || patience?.aborted) return Promise.reject(new NoPlace());
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        patience?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(enter);
        reject(new NoPlace());
      };
      this.#waiting.add(enter);
      patience?.addEventListener('abort', giveUp, { once: true });
    });
  }

  #leave(): void {
    const next = this.#waiting.values().next();
    if (next.done) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next.value);
    next.value();
  }
}
