/**
 * Requests which wait for an account to have room: first come first served, each until its deadline or until its client
 * leaves. Nobody is woken in vain: who waits says for himself whether what has become free is of use to him.
 */
import type { Clock } from '../core/clock.ts';

interface Waiting {
  ask(): void;
}

export class WaitQueue<Slot> {
  readonly #waiting = new Set<Waiting>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** What `take` gave, or undefined when the time was up. Rejects with what `take` threw, or the signal's reason. */
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
    const waiting: Waiting = {
      ask() {
        try {
          const place = take();
          if (place !== undefined) end(() => resolve(place));
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

  /** Something has become free. `isWorthAsking` ends the round early. */
  serve(isWorthAsking: () => boolean): void {
    for (const waiting of this.#waiting) {
      if (!isWorthAsking()) return;
      waiting.ask();
    }
  }
}
