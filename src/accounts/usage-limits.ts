/**
 * Reads how much of each account's plan is left: a while after the account was used, at a limited rate, and at once if
 * the service refuses a request because the plan is used up. Reading costs no credits, so it also serves to check
 * suspended accounts.
 */
import { Semaphore, SingleFlight } from '../core/async.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { UsageLimits } from '../core/usage-limits.ts';

export interface LimitsReading {
  readonly limits: UsageLimits;
  readonly readAtMs: number;
}

/** What is known without asking the service. Both undefined: nothing has been read yet. */
export interface LimitsState {
  readonly reading: LimitsReading | undefined;
  /** Why the last attempt, after `reading`, failed. */
  readonly error: GatewayError | undefined;
}

export interface UsageLimitsOptions {
  /** Rejects with the service's error. */
  read(accountId: string, signal: AbortSignal): Promise<LimitsReading>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The service accounts for a reply a few seconds after its end. */
const SETTLE_MS = 5_000;
const LEAST_INTERVAL_MS = 60_000;
/** Some accounts may not read their limits, so failed readings are repeated less often. */
const INTERVAL_AFTER_FAILURE_MS = 900_000;
/** Interval between readings of a used-up plan, since its owner may have bought more. */
const EXHAUSTED_INTERVAL_MS = 3_600_000;
/** Age from which a reading is renewed when it is looked at: other programs use the plan too. */
const VIEWED_AGE_MS = 300_000;
/** A page that shows many accounts for the first time must not send a burst of requests. */
const MAX_VIEWED_AT_ONCE = 8;
/** Stored dates may be far ahead, and a timer cannot exceed 24 days; reading too early is harmless. */
const LONGEST_DELAY_MS = 86_400_000;
const READING_TIMEOUT_MS = 10_000;

export class UsageLimitsReader {
  readonly #options: UsageLimitsOptions;
  readonly #latest = new Map<string, LimitsReading>();
  /** Why the last attempt failed, by account. */
  readonly #failures = new Map<string, GatewayError>();
  readonly #readings = new SingleFlight<LimitsReading>();
  readonly #viewed = new Semaphore(MAX_VIEWED_AT_ONCE);
  /** Scheduled readings. */
  readonly #cancels = new Map<string, Cancel>();
  /** By `Clock.elapsed`: before this time, use alone is not a reason to read. */
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #closing = new AbortController();

  constructor(options: UsageLimitsOptions) {
    this.#options = options;
  }

  /** The latest reading. */
  find(accountId: string): LimitsReading | undefined {
    return this.#latest.get(accountId);
  }

  state(accountId: string): LimitsState {
    return { reading: this.#latest.get(accountId), error: this.#failures.get(accountId) };
  }

  /** Reads now; concurrent calls for an account share one request. Rejects with the service's error. */
  read(accountId: string): Promise<LimitsReading> {
    return this.#readings.run(accountId, () => this.#read(accountId));
  }

  /** Schedules one reading a while after any number of uses. */
  noteUse(accountId: string): void {
    if (this.#cancels.has(accountId)) return;
    this.#readLater(accountId, Math.max(SETTLE_MS, this.#pauseMs(accountId)));
  }

  /** Starts a reading if the latest is old or missing, unless the last attempt is too recent to repeat. */
  noteView(accountId: string): void {
    const { readAtMs = Number.NEGATIVE_INFINITY } = this.#latest.get(accountId) ?? {};
    const isOld = this.#options.clock.now() - readAtMs >= VIEWED_AGE_MS;
    const { signal } = this.#closing;
    if (!isOld || this.#pauseMs(accountId) > 0 || signal.aborted) return;
    const read = () => this.#viewed.run(() => this.#read(accountId), signal);
    this.#logFailure(accountId, this.#readings.run(accountId, read));
  }

  /** Schedules a check of a used-up plan. */
  noteExhausted(accountId: string): void {
    this.#readLater(accountId, EXHAUSTED_INTERVAL_MS);
  }

  /** Schedules a check of a suspended account, not before `dueInMs`. */
  noteSuspended(accountId: string, dueInMs: number): void {
    this.#cancel(accountId);
    const delayMs = Math.min(dueInMs, LONGEST_DELAY_MS);
    this.#readLater(accountId, Math.max(SETTLE_MS, this.#pauseMs(accountId), delayMs));
  }

  forget(accountId: string): void {
    this.#latest.delete(accountId);
    this.#failures.delete(accountId);
    this.#pausedUntilMs.delete(accountId);
    this.#cancel(accountId);
  }

  /** Nothing is read after this. */
  close(): void {
    this.#closing.abort(new GatewayError('shutting_down', 'This gateway is stopping.'));
    for (const accountId of this.#cancels.keys()) this.#cancel(accountId);
  }

  /** Starts a reading without waiting for it. */
  readSoon(accountId: string): void {
    this.#logFailure(accountId, this.read(accountId));
  }

  #logFailure(accountId: string, reading: Promise<LimitsReading>): void {
    const { log } = this.#options;
    reading.catch((failure: unknown) => {
      const { code, details, cause } = GatewayError.from(failure);
      if (code === 'internal') log.error({ accountId, err: cause }, 'could not read the usage limits');
      else log.debug?.({ accountId, code, why: details }, 'could not read the usage limits');
    });
  }

  #readLater(accountId: string, delayMs: number): void {
    if (this.#closing.signal.aborted || this.#cancels.has(accountId)) return;
    const read = () => {
      this.#cancels.delete(accountId);
      this.readSoon(accountId);
    };
    this.#cancels.set(accountId, this.#options.clock.schedule(delayMs, read));
  }

  #cancel(accountId: string): void {
    this.#cancels.get(accountId)?.();
    this.#cancels.delete(accountId);
  }

  #pauseMs(accountId: string): number {
    return (this.#pausedUntilMs.get(accountId) ?? 0) - this.#options.clock.elapsed();
  }

  #pause(accountId: string, ms: number): void {
    this.#pausedUntilMs.set(accountId, this.#options.clock.elapsed() + ms);
  }

  async #read(accountId: string): Promise<LimitsReading> {
    this.#pause(accountId, INTERVAL_AFTER_FAILURE_MS);
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(READING_TIMEOUT_MS)]);
    const reading = await this.#options.read(accountId, signal).catch((cause: unknown) => {
      this.#failures.set(accountId, GatewayError.from(cause));
      throw cause;
    });
    this.#latest.set(accountId, reading);
    this.#failures.delete(accountId);
    this.#pause(accountId, LEAST_INTERVAL_MS);
    return reading;
  }
}
