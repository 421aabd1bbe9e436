/** The queue is full, or the caller stopped waiting. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/** Limits concurrency; further callers wait in FIFO order. */
export class Semaphore {
  readonly #waiting = new Set<() => void>();
  readonly #maxWaiting: number;
  #free: number;

  constructor(slots: number, maxWaiting = Number.POSITIVE_INFINITY) {
    this.#free = slots;
    this.#maxWaiting = maxWaiting;
  }

  /** Rejects with `QueueFullError` when the queue is full, or when `signal` aborts before the work has begun. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting || signal?.aborted) return Promise.reject(new QueueFullError());
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(enter);
        reject(new QueueFullError());
      };
      this.#waiting.add(enter);
      signal?.addEventListener('abort', giveUp, { once: true });
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
