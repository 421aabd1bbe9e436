/** Waiting, sharing, limiting and repeating asynchronous work. Time comes from a clock. */
import type { Cancel, Clock } from './clock.ts';
import { clientClosed } from './errors.ts';

/**
 * A value that usually is there at once, or a promise of it. On the path of a request each promise and each wait for one costs
 * more than most steps between them.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Continues with the value: at once if it is there. */
export function whenReady<T, U>(value: MaybePromise<T>, next: (value: T) => Promise<U>): Promise<U>;
export function whenReady<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U>;
export function whenReady<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Waits `ms`, or not at all for 0. Rejects with `whenAborted()` if the signal aborts first. */
export async function pause(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  signal: AbortSignal,
  whenAborted: () => Error = clientClosed,
): Promise<void> {
  if (ms > 0) await explainAbort(clock.sleep(ms, signal), signal, whenAborted);
}

/** As `work`, which listens to the signal itself; what it rejects with after that has aborted becomes `whenAborted()`. */
export async function explainAbort<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  whenAborted: () => Error = clientClosed,
): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw signal?.aborted ? whenAborted() : cause;
  }
}

/**
 * Waits for work that may be shared: the signal ends this wait, not the work. Rejects as `work` does, or with
 * `whenAborted()`; a later rejection of `work` is not unhandled.
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  whenAborted: () => Error = clientClosed,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(whenAborted());
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What `work` resolves to, or undefined after `ms`. Rejects as `work` does; a later rejection is not unhandled. */
export async function withinTime<T>(
  clock: Pick<Clock, 'schedule'>,
  ms: number,
  work: Promise<T>,
): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const cancel = clock.schedule(ms, () => late.resolve(undefined));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}

/** Calls `work` every `ms` until cancelled. Does not keep the process alive. */
export function every(clock: Pick<Clock, 'schedule'>, ms: number, work: () => void): Cancel {
  const next = (): void => {
    cancel = clock.schedule(ms, next);
    work();
  };
  let cancel = clock.schedule(ms, next);
  return () => cancel();
}

export interface Deadline {
  readonly clock: Pick<Clock, 'elapsed' | 'sleep'>;
  /** Later than this after the beginning, a failure is final. */
  readonly maxWaitMs: number;
  /** Between two attempts. */
  readonly pauseMs: number | (() => number);
  /** Whether another attempt may succeed after this failure. */
  isPassing(cause: unknown): boolean;
}

/** Repeats `work` until it succeeds. Rejects with its last failure. */
export async function retryUntil<T>(
  { clock, maxWaitMs, pauseMs, isPassing }: Deadline,
  work: () => T | Promise<T>,
): Promise<T> {
  const deadlineMs = clock.elapsed() + maxWaitMs;
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      if (!isPassing(cause) || clock.elapsed() > deadlineMs) throw cause;
    }
    await clock.sleep(typeof pauseMs === 'number' ? pauseMs : pauseMs());
  }
}

/** Concurrent callers with the same key share one run and its result. Nothing is kept once it has ended. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>();

  /** The run of this key that has not ended yet. */
  find(key: string): Promise<T> | undefined {
    return this.#running.get(key);
  }

  run(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#running.get(key);
    if (known) return known;
    const running = work().finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }

  /** Resolves when every run of now has ended, however it ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }
}

/** The queue is full, or the caller stopped waiting. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/** Limits concurrency; further callers wait in FIFO order. One slot: a queue. */
export class Semaphore {
  readonly #waiting = new Set<() => void>();
  readonly #slots: number;
  readonly #maxWaiting: number;
  #free: number;

  constructor(slots: number, maxWaiting = Number.POSITIVE_INFINITY) {
    this.#slots = slots;
    this.#free = slots;
    this.#maxWaiting = maxWaiting;
  }

  /** Nothing runs or waits. */
  get isIdle(): boolean {
    return this.#free === this.#slots;
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

/** A semaphore for each key, kept as long as it is in use. */
export class KeyedSemaphore {
  readonly #byKey = new Map<string, Semaphore>();
  readonly #create: () => Semaphore;

  constructor(slots: number, maxWaiting?: number) {
    this.#create = () => new Semaphore(slots, maxWaiting);
  }

  async run<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const semaphore = this.#byKey.get(key) ?? this.#create();
    this.#byKey.set(key, semaphore);
    try {
      return await semaphore.run(work, signal);
    } finally {
      if (semaphore.isIdle && this.#byKey.get(key) === semaphore) this.#byKey.delete(key);
    }
  }
}
