/**
 * The pace of one account's requests. Unlimited until the service throttles: then the number of concurrent requests is
 * halved and their starts are spaced out, and each later success relaxes both a little (additive increase, multiplicative
 * decrease, as in TCP). The limits that the owner has set are never exceeded.
 */
import type { GatewayError } from '../core/errors.ts';
import type { AccountOptions } from './options.ts';

/** Pause after the first refusal, doubled by each further refusal in a row. */
const FIRST_PAUSE_MS = 1_500;
const LONGEST_PAUSE_MS = 60_000;
const FIRST_INTERVAL_MS = 500;
const LONGEST_INTERVAL_MS = 10_000;
/** Interval between single requests after a warning about the account itself. */
const INTERVAL_AFTER_WARNING_MS = 1_000;
/** Factor by which a success shortens the interval; below the shortest one there is no interval. */
const INTERVAL_DECAY = 0.8;
const SHORTEST_INTERVAL_MS = 20;
/** A learned limit that has grown to this number is dropped. */
const LIMIT_DROPPED_AT = 64;
/** Time after the last refusal at which the learned pace no longer applies. */
const RESET_AFTER_MS = 1_800_000;

export interface PacedStart {
  /** When this request may start, in milliseconds since 1970. */
  readonly startMs: number;
  /** When the next one may start at the earliest. */
  readonly endMs: number;
}

export class Pace {
  #inFlight = 0;
  #learnedLimit = Number.POSITIVE_INFINITY;
  #learnedIntervalMs = 0;
  #nextStartMs = 0;
  /** No request starts before this time. */
  #pausedUntilMs = 0;
  /** Starts that were given back, between others that are in use; sorted by time. */
  #free: readonly PacedStart[] = [];
  #slowedAtMs = Number.NEGATIVE_INFINITY;
  #refusalsInARow = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  hasRoom({ maxConcurrency }: AccountOptions): boolean {
    return this.#inFlight + 1 <= Math.min(this.#learnedLimit, maxConcurrency ?? Number.POSITIVE_INFINITY);
  }

  /** Time until the next request may start; 0: at once. */
  startsInMs(nowMs: number): number {
    return Math.max(0, (this.#firstFree(nowMs)?.startMs ?? this.#nextStartMs) - nowMs);
  }

  /** Takes a slot and a start time. Must be followed by exactly one `finish` or `leave`. */
  start({ minIntervalMs }: AccountOptions, nowMs: number): PacedStart {
    if (nowMs - this.#slowedAtMs >= RESET_AFTER_MS) this.#reset();
    this.#inFlight++;
    if (this.#free.length > 0) {
      const free = this.#firstFree(nowMs);
      this.#free = this.#free.filter((other) => other !== free && other.endMs > nowMs);
      if (free) return free;
    }
    const startMs = Math.max(nowMs, this.#nextStartMs);
    const endMs = startMs + Math.max(minIntervalMs, this.#learnedIntervalMs);
    if (endMs > startMs) this.#nextStartMs = endMs;
    return { startMs, endMs };
  }

  /** Gives back a slot that was not used, and its start time. */
  leave(paced: PacedStart): void {
    this.#inFlight--;
    if (paced.endMs <= paced.startMs) return;
    this.#free = [...this.#free, paced].sort((a, b) => a.startMs - b.startMs);
    // Times after the last start in use are free anyway.
    for (let last = this.#free.at(-1); last && last.endMs >= this.#nextStartMs; last = this.#free.at(-1)) {
      this.#free = this.#free.slice(0, -1);
      this.#nextStartMs = last.startMs;
    }
    this.#nextStartMs = Math.max(this.#nextStartMs, this.#pausedUntilMs);
  }

  #firstFree(nowMs: number): PacedStart | undefined {
    if (this.#free.length === 0) return undefined;
    const earliestMs = Math.max(nowMs, this.#pausedUntilMs);
    return this.#free.find(({ startMs }) => startMs >= earliestMs);
  }

  finish({ startMs }: PacedStart, error: GatewayError | undefined, nowMs: number): void {
    const wasInFlight = this.#inFlight--;
    // A request that started before the account was slowed down says nothing about the new pace.
    const isCurrent = startMs >= this.#slowedAtMs;
    if (!error) {
      if (isCurrent) this.#speedUp();
    } else if (error.code === 'upstream_throttled' || error.code === 'account_throttled') {
      if (isCurrent) this.#slowDown(error, wasInFlight, nowMs);
      this.#pauseUntil(nowMs + (error.retryAfterMs ?? 0));
    }
  }

  #reset(): void {
    this.#learnedLimit = Number.POSITIVE_INFINITY;
    this.#learnedIntervalMs = 0;
    this.#refusalsInARow = 0;
  }

  #speedUp(): void {
    this.#refusalsInARow = 0;
    this.#learnedLimit += 1 / this.#learnedLimit;
    if (this.#learnedLimit >= LIMIT_DROPPED_AT) this.#learnedLimit = Number.POSITIVE_INFINITY;
    this.#learnedIntervalMs *= INTERVAL_DECAY;
    if (this.#learnedIntervalMs < SHORTEST_INTERVAL_MS) this.#learnedIntervalMs = 0;
  }

  #slowDown({ code, retryAfterMs }: GatewayError, inFlight: number, nowMs: number): void {
    const isWarning = code === 'account_throttled';
    this.#slowedAtMs = nowMs;
    // Their spacing is that of the old pace.
    this.#free = [];
    this.#learnedLimit = isWarning ? 1 : Math.max(1, Math.floor(Math.min(this.#learnedLimit, inFlight) / 2));
    this.#learnedIntervalMs = Math.min(
      LONGEST_INTERVAL_MS,
      Math.max(isWarning ? INTERVAL_AFTER_WARNING_MS : FIRST_INTERVAL_MS, this.#learnedIntervalMs * 2),
    );
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#refusalsInARow++, 10));
    this.#pauseUntil(nowMs + (retryAfterMs ?? pauseMs));
  }

  #pauseUntil(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
    this.#nextStartMs = Math.max(this.#nextStartMs, untilMs);
  }
}
