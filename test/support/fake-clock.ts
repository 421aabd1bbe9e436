/** A clock on which sleeping takes no time: it moves on by what was asked for, and remembers it. */
import type { Clock } from '../../src/core/clock.ts';

export interface FakeClock extends Clock {
  /** Every sleep so far, in milliseconds. */
  readonly sleeps: readonly number[];
  advance(ms: number): void;
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 15, 12), random = 0.5): FakeClock {
  let nowMs = startMs;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleeps.push(ms);
      nowMs += ms;
      await Promise.resolve();
      signal?.throwIfAborted();
    },
    random: () => random,
  };
}
