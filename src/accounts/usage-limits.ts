/**
 * What is left of each account's plan, as the service says: read some time after the account was used, not more often
 * than is of use, and at once when it refuses for that reason. Reading costs nothing of the plan, so it is also how a
 * suspended account is looked at again.
 */
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { UsageLimits } from '../core/usage-limits.ts';

export interface LimitsReading {
  readonly limits: UsageLimits;
  readonly readAtMs: number;
}

export interface UsageLimitsOptions {
  /** Rejects with what the service said. */
  read(accountId: string, signal: AbortSignal): Promise<LimitsReading>;
  readonly log: Log;
}

/** The service books a reply some seconds after it. */
const SETTLE_MS = 5_000;
const LEAST_INTERVAL_MS = 60_000;
/** Some accounts may not be asked; the service is not asked in vain all the time. */
const INTERVAL_AFTER_FAILURE_MS = 900_000;
/** An account whose plan is used up may have been given more by its owner. */
const LOOK_AGAIN_MS = 3_600_000;
/** Dates come from the store: a timer takes no more than 24 days, and looking too early is harmless. */
const LONGEST_DELAY_MS = 86_400_000;
const READING_TIMEOUT_MS = 10_000;

export class UsageLimitsReader {
  readonly #options: UsageLimitsOptions;
  readonly #known = new Map<string, LimitsReading>();
  readonly #running = new Map<string, Promise<LimitsReading>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** By `performance.now()`: until then use alone is no reason to ask. */
  readonly #restUntilMs = new Map<string, number>();
  readonly #closing = new AbortController();

  constructor(options: UsageLimitsOptions) {
    this.#options = options;
  }

  /** The last reading. */
  find(accountId: string): LimitsReading | undefined {
    return this.#known.get(accountId);
  }

  /** Now; one question at a time for each account. Rejects with what the service said. */
  read(accountId: string): Promise<LimitsReading> {
    const running = this.#running.get(accountId) ?? this.#start(accountId);
    this.#running.set(accountId, running);
    return running;
  }

  /** Reads some time after this, once for many uses. */
  noteUse(accountId: string): void {
    if (this.#timers.has(accountId)) return;
    const restMs = (this.#restUntilMs.get(accountId) ?? 0) - performance.now();
    this.#readLater(accountId, Math.max(SETTLE_MS, restMs));
  }

  /** Its plan is used up: whether that is still so is looked at now and then. */
  noteExhausted(accountId: string): void {
    this.#readLater(accountId, LOOK_AGAIN_MS);
  }

  /** The service has suspended the account, which is checked again from this time on, not before. */
  noteSuspended(accountId: string, dueInMs: number): void {
    clearTimeout(this.#timers.get(accountId));
    this.#timers.delete(accountId);
    const restMs = (this.#restUntilMs.get(accountId) ?? 0) - performance.now();
    this.#readLater(accountId, Math.max(SETTLE_MS, restMs, Math.min(dueInMs, LONGEST_DELAY_MS)));
  }

  forget(accountId: string): void {
    this.#known.delete(accountId);
    this.#restUntilMs.delete(accountId);
    clearTimeout(this.#timers.get(accountId));
    this.#timers.delete(accountId);
  }

  /** Nothing is read after this. */
  close(): void {
    this.#closing.abort(new GatewayError('shutting_down', 'This gateway is stopping.'));
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Without waiting for it. */
  readSoon(accountId: string): void {
    this.read(accountId).catch((cause: unknown) => {
      const { code, details } = GatewayError.from(cause);
      this.#options.log.debug({ accountId, code, why: details }, 'the usage limits could not be read');
    });
  }

  #readLater(accountId: string, delayMs: number): void {
    if (this.#closing.signal.aborted || this.#timers.has(accountId)) return;
    const read = () => {
      this.#timers.delete(accountId);
      this.readSoon(accountId);
    };
    this.#timers.set(accountId, setTimeout(read, delayMs).unref());
  }

  #rest(accountId: string, ms: number): void {
    this.#restUntilMs.set(accountId, performance.now() + ms);
  }

  async #start(accountId: string): Promise<LimitsReading> {
    this.#rest(accountId, INTERVAL_AFTER_FAILURE_MS);
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(READING_TIMEOUT_MS)]);
    try {
      const reading = await this.#options.read(accountId, signal);
      this.#known.set(accountId, reading);
      this.#rest(accountId, LEAST_INTERVAL_MS);
      return reading;
    } finally {
      this.#running.delete(accountId);
    }
  }
}
