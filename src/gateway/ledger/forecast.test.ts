import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../core/utc-periods.ts';
import type { ActivityBucket } from './activity.ts';
import { creditRates, forecast } from './forecast.ts';

const NOW_MS = Date.UTC(2026, 10, 29, 12);
const TODAY_MS = Date.UTC(2026, 10, 29);

const day = (daysAgo: number, group: string | null, credits: number): ActivityBucket => ({
  ...{ startMs: TODAY_MS - daysAgo * DAY_MS, group, requests: 1, errors: 0, abandoned: 0 },
  ...{ inputTokens: 0, outputTokens: 0, credits, estimatedCredits: 0 },
});

const rateOf = (days: readonly ActivityBucket[], createdAtMs?: number) =>
  creditRates(days, NOW_MS, () => createdAtMs).get('acc');

describe('the recent rate', () => {
  it('is unknown without data', () => {
    expect(rateOf([])).toBeUndefined();
    expect(rateOf([day(1, null, 5), day(1, 'other', 5)])).toBeUndefined();
  });

  it('is that of the days since the ledger began', () => {
    expect(rateOf([day(1, 'acc', 4), day(0, 'acc', 5)])).toBe(6);
  });

  it('does not multiply the use of the first hours', () => {
    expect(rateOf([day(0, 'acc', 4)])).toBe(4);
  });

  it('of a new account is that of the days since it was added, beside one that is used for longer', () => {
    const days = [day(7, 'other', 1), day(1, 'acc', 3), day(0, 'acc', 3)];
    expect(rateOf(days, NOW_MS - 2 * DAY_MS)).toBe(3);
    expect(rateOf(days, NOW_MS - 3_600_000)).toBe(6);
  });

  it('spreads a burst of yesterday over the week of an account that was idle before', () => {
    expect(rateOf([day(7, 'other', 1), day(1, 'acc', 70)], NOW_MS - 100 * DAY_MS)).toBe(10);
  });
});

describe('the forecast', () => {
  const allowance = { used: 40, left: 60, resetAtMs: NOW_MS + 10 * DAY_MS };

  it('adds the recent rate until the reset', () => {
    expect(forecast(allowance, 5, NOW_MS)).toEqual({ usedAtReset: 90, usedUpAtMs: undefined });
    expect(forecast(allowance, 10, NOW_MS)).toEqual({ usedAtReset: 140, usedUpAtMs: NOW_MS + 6 * DAY_MS });
  });

  it('is the present use where there is no recent one', () => {
    for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(forecast(allowance, rate, NOW_MS)).toEqual({ usedAtReset: 40, usedUpAtMs: undefined });
  });

  it('does not exist for a reset in the past, whose figures are out of date', () => {
    const unknown = { usedAtReset: undefined, usedUpAtMs: undefined };
    expect(forecast({ ...allowance, resetAtMs: NOW_MS }, 5, NOW_MS)).toEqual(unknown);
    expect(forecast({ ...allowance, resetAtMs: 0 }, 5, NOW_MS)).toEqual(unknown);
  });

  it('says when an allowance without a known reset is used up, within a year', () => {
    expect(forecast({ ...allowance, resetAtMs: undefined }, 10, NOW_MS)).toEqual({
      usedAtReset: undefined,
      usedUpAtMs: NOW_MS + 6 * DAY_MS,
    });
    for (const left of [Number.MAX_VALUE, Number.POSITIVE_INFINITY, undefined])
      expect(forecast({ used: 1, left, resetAtMs: undefined }, 1, NOW_MS).usedUpAtMs).toBeUndefined();
    expect(forecast({ used: 1, left: 1, resetAtMs: Number.MAX_SAFE_INTEGER }, 0, NOW_MS).usedAtReset).toBeUndefined();
  });

  it('is now where nothing is left', () => {
    expect(forecast({ ...allowance, left: -3 }, 1, NOW_MS).usedUpAtMs).toBe(NOW_MS);
  });
});
