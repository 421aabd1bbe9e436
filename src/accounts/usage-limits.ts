/**
 * What is left of each account's plan, as the service says: read some time after the account was used, not more often
 * than is of use, and at once when it refuses for that reason. Reading costs nothing of the plan, so it is also how a
 * suspended account is looked at again.
 */
import { SingleFlight } from '../core/async.ts';
import type { Cancel, Clock } from '../core/clock.ts';
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
  readonly clock: Clock;
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
  readonly #readings = new SingleFlight<LimitsReading>();
  /** Readings to come. */
  readonly #cancels = new Map<string, Cancel>();
  /** By `Clock.elapsed`: until then, use alone is not a reason to read. */
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
    return this.#readings.run(accountId, () => this.#read(accountId));
  }

  /** Reads some time after this, once for many uses. */
  noteUse(accountId: string): void {
    if (this.#cancels.has(accountId)) return;
    this.#readLater(accountId, Math.max(SETTLE_MS, this.#restMs(accountId)));
  }

  /** Its plan is used up: whether that is still so is looked at now and then. */
  noteExhausted(accountId: string): void {
    this.#readLater(accountId, LOOK_AGAIN_MS);
  }

  /** The service has suspended the account, which is checked again from this time on, not before. */
  noteSuspended(accountId: string, dueInMs: number): void {
    this.#cancel(accountId);
    const delayMs = Math.min(dueInMs, LONGEST_DELAY_MS);
    this.#readLater(accountId, Math.max(SETTLE_MS, this.#restMs(accountId), delayMs));
  }

  forget(accountId: string): void {
    this.#known.delete(accountId);
    this.#restUntilMs.delete(accountId);
    this.#cancel(accountId);
  }

  /** Nothing is read after this. */
  close(): void {
    this.#closing.abort(new GatewayError('shutting_down', 'This gateway is stopping.'));
    for (const accountId of this.#cancels.keys()) this.#cancel(accountId);
  }

  /** Without waiting for it. */
  readSoon(accountId: string): void {
    this.read(accountId).catch((cause: unknown) => {
      const { code, details } = GatewayError.from(cause);
      this.#options.log.debug({ accountId, code, why: details }, 'the usage limits could not be read');
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

  #restMs(accountId: string): number {
    return (this.#restUntilMs.get(accountId) ?? 0) - this.#options.clock.elapsed();
  }

  #rest(accountId: string, ms: number): void {
    this.#restUntilMs.set(accountId, this.#options.clock.elapsed() + ms);
  }

  async #read(accountId: string): Promise<LimitsReading> {
    this.#rest(accountId, INTERVAL_AFTER_FAILURE_MS);
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(READING_TIMEOUT_MS)]);
    const reading = await this.#options.read(accountId, signal);
    this.#known.set(accountId, reading);
    this.#rest(accountId, LEAST_INTERVAL_MS);
    return reading;
  }
}
