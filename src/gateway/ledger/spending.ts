/**
 * Credits used by each key and account in the current day and month (UTC), available without a query: what the database
 * has, reread from time to time because other processes write too, and what is still waiting to be written.
 */
import { dayOf, monthOf } from '../../core/utc-periods.ts';
import type { LedgerCredits } from './ledger-store.ts';

/** Credits; measured where the service reported them, else estimated. */
export interface Spent {
  readonly day: number;
  readonly month: number;
}

/** One request's credits. */
export interface Expense {
  readonly receivedMs: number;
  readonly credits: number;
}

interface Totals {
  dayStartMs: number;
  monthStartMs: number;
  day: number;
  month: number;
}

export class Spending {
  readonly #now: () => number;
  #totals = new Map<string, Totals>();

  constructor(now: () => number) {
    this.#now = now;
  }

  spent(id: string): Spent {
    const totals = this.#totals.get(id);
    if (!totals) return NOTHING;
    const nowMs = this.#now();
    return {
      day: totals.dayStartMs === dayOf(nowMs).startMs ? totals.day : 0,
      month: totals.monthStartMs === monthOf(nowMs).startMs ? totals.month : 0,
    };
  }

  add(id: string, { receivedMs, credits }: Expense): void {
    if (credits === 0) return;
    const nowMs = this.#now();
    const day = dayOf(nowMs).startMs;
    const month = monthOf(nowMs).startMs;
    let totals = this.#totals.get(id);
    if (!totals) {
      totals = { dayStartMs: day, monthStartMs: month, day: 0, month: 0 };
      this.#totals.set(id, totals);
    }
    if (totals.dayStartMs !== day) Object.assign(totals, { dayStartMs: day, day: 0 });
    if (totals.monthStartMs !== month) Object.assign(totals, { monthStartMs: month, month: 0 });
    if (receivedMs >= day) totals.day += credits;
    if (receivedMs >= month) totals.month += credits;
  }

  /** Replaces all sums by the stored ones, as of `nowMs`, and what is not stored yet. */
  reset(stored: readonly LedgerCredits[], nowMs: number, waiting: Iterable<readonly [string, Expense]>): void {
    const dayStartMs = dayOf(nowMs).startMs;
    const monthStartMs = monthOf(nowMs).startMs;
    this.#totals = new Map(stored.map(({ id, day, month }) => [id, { dayStartMs, monthStartMs, day, month }]));
    for (const [id, expense] of waiting) this.add(id, expense);
  }
}

const NOTHING: Spent = { day: 0, month: 0 };
