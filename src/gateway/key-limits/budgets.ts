/**
 * What each key has used of its budgets: the ledger's sums, which include other processes, and the credits of replies that
 * ended here since. The ledger is read every few seconds at most, and only while keys with a budget are in use.
 */
import { SingleFlight } from '../../core/async.ts';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { dayOf, monthOf, type Period } from '../../core/utc-periods.ts';

/** Credits of a key in the current day and month. */
export interface KeyCredits {
  readonly id: string;
  readonly day: number;
  readonly month: number;
}

export interface BudgetOptions {
  /** The ledger's sums of all keys. May reject with `storage_unavailable`. */
  readonly readCredits: (nowMs: number) => Promise<readonly KeyCredits[]>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PeriodUse extends Period {
  readonly credits: number;
}

export interface CreditUse {
  readonly day: PeriodUse;
  readonly month: PeriodUse;
}

const READ_EVERY_MS = 5_000;

interface Sum {
  startMs: number;
  credits: number;
}

export class KeyBudgets {
  readonly #options: BudgetOptions;
  readonly #days = new Map<string, Sum>();
  readonly #months = new Map<string, Sum>();
  readonly #reads = new SingleFlight<void>();
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Waits for the first reading only; later ones happen meanwhile. Never rejects. */
  async use(key: string): Promise<CreditUse> {
    const nowMs = this.#options.clock.now();
    const isFirst = this.#readAtMs === Number.NEGATIVE_INFINITY;
    if (nowMs - this.#readAtMs >= READ_EVERY_MS) {
      const reading = this.#reads.run('credits', () => this.#read());
      if (isFirst) await reading;
    }
    const [day, month] = [dayOf(nowMs), monthOf(nowMs)];
    return {
      day: { ...day, credits: creditsOf(this.#days, key, day) },
      month: { ...month, credits: creditsOf(this.#months, key, month) },
    };
  }

  /** Counts the credits of a reply, which the ledger will have in a moment. */
  add(key: string, credits: number): void {
    const nowMs = this.#options.clock.now();
    changeSum(this.#days, key, dayOf(nowMs), (known) => known + credits);
    changeSum(this.#months, key, monthOf(nowMs), (known) => known + credits);
  }

  async #read(): Promise<void> {
    const { readCredits, clock, log } = this.#options;
    const nowMs = clock.now();
    try {
      const sums = await readCredits(nowMs);
      this.#readAtMs = nowMs;
      // The ledger may not have the latest replies yet, and its sums never shrink within a period.
      for (const { id, day, month } of sums) {
        changeSum(this.#days, id, dayOf(nowMs), (known) => Math.max(known, day));
        changeSum(this.#months, id, monthOf(nowMs), (known) => Math.max(known, month));
      }
    } catch (cause) {
      // Tried again as late as after a success: a database that fails is not asked for each request.
      this.#readAtMs = nowMs;
      log.warn({ why: GatewayError.from(cause).details }, 'could not read the credits that keys have used');
    }
  }
}

function creditsOf(sums: ReadonlyMap<string, Sum>, key: string, { startMs }: Period): number {
  const sum = sums.get(key);
  return sum?.startMs === startMs ? sum.credits : 0;
}

function changeSum(sums: Map<string, Sum>, key: string, period: Period, change: (known: number) => number): void {
  sums.set(key, { startMs: period.startMs, credits: change(creditsOf(sums, key, period)) });
}
