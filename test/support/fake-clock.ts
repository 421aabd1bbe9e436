/** A clock whose sleeps return at once: it advances by the time slept, and records it. */
import type { Clock } from '../../src/core/clock.ts';

export interface FakeClock extends Clock {
  /** Every sleep so far, in milliseconds. */
  readonly sleeps: readonly number[];
  /** Advances to that time and runs everything scheduled until then. */
  advance(ms: number): void;
}

interface Scheduled {
  readonly atMs: number;
  readonly work: () => void;
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 15, 12), random = 0.5): FakeClock {
  let nowMs = startMs;
  const sleeps: number[] = [];
  const scheduled = new Set<Scheduled>();
  const advance = (ms: number) => {
    nowMs += ms;
    for (const each of [...scheduled].toSorted((one, other) => one.atMs - other.atMs)) {
      if (each.atMs <= nowMs && scheduled.delete(each)) each.work();
    }
  };
  return {
    sleeps,
    now: () => nowMs,
    elapsed: () => nowMs - startMs,
    advance,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleeps.push(ms);
      advance(ms);
      await Promise.resolve();
      signal?.throwIfAborted();
    },
    schedule(ms, work) {
      const each: Scheduled = { atMs: nowMs + ms, work };
      scheduled.add(each);
      return () => void scheduled.delete(each);
    },
    random: () => random,
  };
}
