/**
 * Long synchronous work that can be interrupted: a generator that yields wherever it may pause. Pure code stays
 * synchronous; its caller decides whether to run it at once or in slices between which the event loop serves others.
 */

import type { MaybePromise } from './async.ts';

/** Yields after each step, returns the result. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Work that cannot be interrupted. */
// biome-ignore lint/correctness/useYield: it has no place to pause at
export function* inOneStep<T>(work: () => T): Steps<T> {
  return work();
}

/** For callers that have no event loop to keep free. */
export function runAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** How long all work together may take between two turns of the event loop, apart from the last step of it. */
const SLICE_MS = 10;

/**
 * Runs steps in slices of time that all callers share, so that several large requests do not add up between two turns
 * of the loop: when the slice is over, callers wait, and each turn starts a new slice for the next of them, in FIFO order.
 * Work that ends before the slice does never waits.
 */
export class TimeSlices {
  readonly #waiting: (() => void)[] = [];
  readonly #now: () => number;
  #isOpen = false;
  #endMs = 0;

  /** `now`: a monotonic clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Resolves with what `steps` returns, rejects with what it throws. */
  async run<T>(steps: Steps<T>): Promise<T> {
    return this.start(steps);
  }

  /** As `run`, without a promise for work that ends within the present slice, as most does: it returns or throws at once. */
  start<T>(steps: Steps<T>): MaybePromise<T> {
    let isWaiting = false;
    try {
      while (!this.#isOver()) {
        const step = steps.next();
        if (step.done) return step.value;
      }
      isWaiting = true;
    } finally {
      if (!isWaiting) this.#resumeNext();
    }
    return this.#runInSlices(steps);
  }

  async #runInSlices<T>(steps: Steps<T>): Promise<T> {
    try {
      for (;;) {
        if (this.#isOver()) await this.#nextSlice();
        const step = steps.next();
        if (step.done) return step.value;
      }
    } finally {
      this.#resumeNext();
    }
  }

  #isOver(): boolean {
    if (!this.#isOpen) this.#open();
    return this.#now() >= this.#endMs;
  }

  /** Until the event loop has turned. */
  #open(): void {
    this.#isOpen = true;
    this.#endMs = this.#now() + SLICE_MS;
    setImmediate(() => this.#close());
  }

  #close(): void {
    this.#isOpen = false;
    if (this.#waiting.length === 0) return;
    this.#open();
    this.#resumeNext();
  }

  /** Many short runs must not wait for a turn each: one that ends leaves the rest of the slice to the next. */
  #resumeNext(): void {
    if (this.#waiting.length > 0 && this.#isOpen && this.#now() < this.#endMs) this.#waiting.shift()?.();
  }

  #nextSlice(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Of this process, which has one event loop. */
export const timeSlices = new TimeSlices();
