/**
 * How much of a plan or budget will be used when it resets, if it is used as in the last days. Pure. A forecast is always
 * labelled as one: it knows nothing of weekends, nor of what other programs use of a plan.
 */
import { DAY_MS } from '../../core/utc-periods.ts';
import type { ActivityBucket } from './activity.ts';

/** The recent rate is that of a week, or of the time since the account or key, or the ledger, began. */
export const RATE_MS = 7 * DAY_MS;
const MAX_DAYS = 366;

/**
 * Credits a day, by account or key. `days`: buckets of days since `RATE_MS` ago. `createdAtMs`: when the account or key was
 * created, if known. Less than a day counts as one, so that the use of the first hours is not multiplied.
 */
export function creditRates(
  days: readonly ActivityBucket[],
  nowMs: number,
  createdAtMs: (group: string) => number | undefined,
): Map<string, number> {
  const recordedMs = days.reduce((first, { startMs }) => Math.min(first, startMs), nowMs);
  const sums = new Map<string, number>();
  for (const { group, credits } of days) if (group !== null) sums.set(group, (sums.get(group) ?? 0) + credits);
  for (const [group, credits] of sums) {
    const sinceMs = Math.max(nowMs - RATE_MS, recordedMs, createdAtMs(group) ?? 0);
    sums.set(group, credits / Math.max(1, (nowMs - sinceMs) / DAY_MS));
  }
  return sums;
}

export interface Allowance {
  readonly used: number | undefined;
  /** Undefined: unknown, or unlimited. */
  readonly left: number | undefined;
  readonly resetAtMs: number | undefined;
}

export interface Forecast {
  /** May be more than there is. Undefined: not known, because the reset or the use is not, or because it has passed. */
  readonly usedAtReset: number | undefined;
  /** When nothing is left; undefined: not before the reset, or not within a year. */
  readonly usedUpAtMs: number | undefined;
}

const UNKNOWN: Forecast = { usedAtReset: undefined, usedUpAtMs: undefined };

export function forecast({ used, left, resetAtMs }: Allowance, creditsPerDay: number, nowMs: number): Forecast {
  // Figures of the period before say nothing about the current one.
  if (resetAtMs !== undefined && resetAtMs <= nowMs) return UNKNOWN;
  const rate = creditsPerDay > 0 && Number.isFinite(creditsPerDay) ? creditsPerDay : 0;
  const daysLeft = resetAtMs === undefined ? undefined : (resetAtMs - nowMs) / DAY_MS;
  const isKnown = used !== undefined && daysLeft !== undefined && daysLeft <= MAX_DAYS;
  return {
    usedAtReset: isKnown ? used + rate * daysLeft : undefined,
    usedUpAtMs: usedUpAtMs(left, rate, nowMs, resetAtMs),
  };
}

function usedUpAtMs(
  left: number | undefined,
  rate: number,
  nowMs: number,
  resetAtMs: number | undefined,
): number | undefined {
  if (rate === 0 || left === undefined || !Number.isFinite(left)) return undefined;
  const days = Math.max(0, left) / rate;
  if (days > MAX_DAYS) return undefined;
  const atMs = Math.round(nowMs + days * DAY_MS);
  return resetAtMs !== undefined && atMs >= resetAtMs ? undefined : atMs;
}
