/** Days and months in UTC, in which budgets are counted. All times are milliseconds since the epoch. */

const DAY_MS = 86_400_000;

export interface Period {
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
}

export function dayOf(ms: number): Period {
  const startMs = Math.floor(ms / DAY_MS) * DAY_MS;
  return { startMs, endMs: startMs + DAY_MS };
}

export function monthOf(ms: number): Period {
  const date = new Date(ms);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}
