/** Days and months in UTC, in which budgets and sums are counted. All times are milliseconds since the epoch. */

export const DAY_MS = 86_400_000;

export interface Period {
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
}

export function dayOf(ms: number): Period {
  const startMs = Math.floor(ms / DAY_MS) * DAY_MS;
  return { startMs, endMs: startMs + DAY_MS };
}

let lastMonth: Period = { startMs: 0, endMs: 0 };

/** Remembers the last month: dates are costly, and the current month is read for each request. */
export function monthOf(ms: number): Period {
  if (ms < lastMonth.startMs || ms >= lastMonth.endMs) {
    const date = new Date(ms);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    lastMonth = { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
  }
  return lastMonth;
}
