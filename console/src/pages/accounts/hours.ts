/** Replies of an account by hour, as a strip shows them. */
import type { AccountHour } from '../../../../src/http/admin/contract/account.ts';

export type RecordedHour = AccountHour;

const STRIP_HOURS = 24;
const HOUR_MS = 3_600_000;

interface StripHour {
  readonly fromMs: number;
  readonly requests: number;
  readonly errors: number;
}

/** Oldest first: one for each of the last 24 hours, also where nothing happened. */
export function toDay(recorded: readonly RecordedHour[], nowMs: number): readonly StripHour[] {
  const known = new Map(recorded.map((hour) => [Date.parse(hour.from), hour]));
  const lastMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  return Array.from({ length: STRIP_HOURS }, (_, index) => {
    const fromMs = lastMs - (STRIP_HOURS - 1 - index) * HOUR_MS;
    const { requests = 0, errors = 0 } = known.get(fromMs) ?? {};
    return { fromMs, requests, errors };
  });
}
