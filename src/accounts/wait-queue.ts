/**
 * A FIFO queue of requests waiting for an account, each until its deadline or until its client disconnects. When a slot
 * becomes free, the requests are offered it in order, and the first that can use it takes it.
 */
import type { Clock } from '../core/clock.ts';

interface WaitingRequest {
  offer(): void;
}

export class WaitQueue<Slot> {
  readonly #waiting = new Set<WaitingRequest>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** Resolves with the slot from `take`, or undefined at the deadline. Rejects with the error of `take` or the signal. */
  wait(take: () => Slot | undefined, timeoutMs: number, signal: AbortSignal | undefined): Promise<Slot | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<Slot | undefined>();
    const over = new AbortController();
    const end = (settle: () => void) => {
      if (!this.#waiting.delete(waiting)) return;
      signal?.removeEventListener('abort', onAbort);
      over.abort();
      settle();
    };
    const onAbort = () => end(() => reject(signal?.reason));
    const waiting: WaitingRequest = {
      offer() {
        try {
          const slot = take();
          if (slot !== undefined) end(() => resolve(slot));
        } catch (cause) {
          end(() => reject(cause));
        }
      },
    };
    this.#waiting.add(waiting);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#clock.sleep(timeoutMs, over.signal).then(
      () => end(() => resolve(undefined)),
      () => {},
    );
    return promise;
  }

  /** Offers free slots to the waiting requests, for as long as `hasSlots` returns true. */
  serve(hasSlots: () => boolean): void {
    for (const waiting of this.#waiting) {
      if (!hasSlots()) return;
      waiting.offer();
    }
  }
}
