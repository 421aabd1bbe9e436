/**
 * How fast one account may be worked. Free until the service asks for less; then the number of requests at a time is
 * halved and their starts are spaced out, and every reply which comes through since gives a little back (additive
 * increase, multiplicative decrease, as TCP does it). What the owner set is never exceeded.
 */
import type { GatewayError } from '../core/errors.ts';
import type { AccountOptions } from './options.ts';

/** A first refusal holds the account for so long, the next ones in a row for twice as long each. */
const FIRST_HOLD_MS = 1_500;
const LONGEST_HOLD_MS = 60_000;
const FIRST_INTERVAL_MS = 500;
const LONGEST_INTERVAL_MS = 10_000;
/** After a warning about the account itself it begins again with single requests, so far apart. */
const INTERVAL_AFTER_WARNING_MS = 1_000;
/** What a good reply leaves of the interval; below the shortest one there is none. */
const INTERVAL_DECAY = 0.8;
const SHORTEST_INTERVAL_MS = 20;
/** A learned limit which has grown to this is none any more. */
const LIMIT_FORGOTTEN_AT = 64;
/** So long after the last refusal the service has other things in mind. */
const FORGOTTEN_AFTER_MS = 1_800_000;

export interface Paced {
  /** When this request may start, in milliseconds since 1970. */
  readonly startMs: number;
  /** The next one not before then. */
  readonly endMs: number;
}

export class Pace {
  #inFlight = 0;
  #learnedLimit = Number.POSITIVE_INFINITY;
  #learnedIntervalMs = 0;
  #nextStartMs = 0;
  /** No start is given out before then. */
  #heldUntilMs = 0;
  /** Starts which were given back, between others which were not, by time. */
  #free: readonly Paced[] = [];
  #slowedAtMs = Number.NEGATIVE_INFINITY;
  #refusalsInARow = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  hasRoom({ maxConcurrency }: AccountOptions): boolean {
    return this.#inFlight + 1 <= Math.min(this.#learnedLimit, maxConcurrency ?? Number.POSITIVE_INFINITY);
  }

  /** 0: at once. */
  startsInMs(nowMs: number): number {
    return Math.max(0, (this.#firstFree(nowMs)?.startMs ?? this.#nextStartMs) - nowMs);
  }

  /** Takes a place and a time to start; whoever does owes one `finish` or `leave`. */
  start({ minIntervalMs }: AccountOptions, nowMs: number): Paced {
    if (nowMs - this.#slowedAtMs >= FORGOTTEN_AFTER_MS) this.#forget();
    this.#inFlight++;
    const free = this.#firstFree(nowMs);
    this.#free = this.#free.filter((other) => other !== free && other.endMs > nowMs);
    if (free) return free;
    const startMs = Math.max(nowMs, this.#nextStartMs);
    const endMs = startMs + Math.max(minIntervalMs, this.#learnedIntervalMs);
    if (endMs > startMs) this.#nextStartMs = endMs;
    return { startMs, endMs };
  }

  /** The place was not used after all: its time is for another. */
  leave(paced: Paced): void {
    this.#inFlight--;
    if (paced.endMs <= paced.startMs) return;
    this.#free = [...this.#free, paced].sort((a, b) => a.startMs - b.startMs);
    // Behind the last start in use everything is free anyway.
    for (let last = this.#free.at(-1); last && last.endMs >= this.#nextStartMs; last = this.#free.at(-1)) {
      this.#free = this.#free.slice(0, -1);
      this.#nextStartMs = last.startMs;
    }
    this.#nextStartMs = Math.max(this.#nextStartMs, this.#heldUntilMs);
  }

  #firstFree(nowMs: number): Paced | undefined {
    const earliestMs = Math.max(nowMs, this.#heldUntilMs);
    return this.#free.find(({ startMs }) => startMs >= earliestMs);
  }

  finish({ startMs }: Paced, error: GatewayError | undefined, nowMs: number): void {
    const wasInFlight = this.#inFlight--;
    // What had started before the account was slowed down says nothing about the new pace.
    const isNews = startMs >= this.#slowedAtMs;
    if (!error) {
      if (isNews) this.#speedUp();
    } else if (error.code === 'upstream_throttled' || error.code === 'account_throttled') {
      if (isNews) this.#slowDown(error, wasInFlight, nowMs);
      this.#holdUntil(nowMs + (error.retryAfterMs ?? 0));
    }
  }

  #forget(): void {
    this.#learnedLimit = Number.POSITIVE_INFINITY;
    this.#learnedIntervalMs = 0;
    this.#refusalsInARow = 0;
  }

  #speedUp(): void {
    this.#refusalsInARow = 0;
    this.#learnedLimit += 1 / this.#learnedLimit;
    if (this.#learnedLimit >= LIMIT_FORGOTTEN_AT) this.#learnedLimit = Number.POSITIVE_INFINITY;
    this.#learnedIntervalMs *= INTERVAL_DECAY;
    if (this.#learnedIntervalMs < SHORTEST_INTERVAL_MS) this.#learnedIntervalMs = 0;
  }

  #slowDown({ code, retryAfterMs }: GatewayError, inFlight: number, nowMs: number): void {
    const isWarning = code === 'account_throttled';
    this.#slowedAtMs = nowMs;
    // They are as far apart as was right before.
    this.#free = [];
    this.#learnedLimit = isWarning ? 1 : Math.max(1, Math.floor(Math.min(this.#learnedLimit, inFlight) / 2));
    this.#learnedIntervalMs = Math.min(
      LONGEST_INTERVAL_MS,
      Math.max(isWarning ? INTERVAL_AFTER_WARNING_MS : FIRST_INTERVAL_MS, this.#learnedIntervalMs * 2),
    );
    const holdMs = Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** Math.min(this.#refusalsInARow++, 10));
    this.#holdUntil(nowMs + (retryAfterMs ?? holdMs));
  }

  #holdUntil(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
    this.#nextStartMs = Math.max(this.#nextStartMs, untilMs);
  }
}
