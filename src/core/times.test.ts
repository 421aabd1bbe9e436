import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cappedDate,
  cappedMs,
  isoTime,
  MAX_THROTTLE_WAIT_MS,
  MAX_TOKEN_LIFETIME_MS,
  parseRetryAfter,
  registrationExpiry,
  tokenExpiry,
} from './times.ts';

describe('an arbitrary number', () => {
  const NOW_MS = Date.parse('2026-11-29T12:00:00Z');
  const numbers = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 99_999_999_999, 1e300, -1e300),
  );

  it('becomes a date that can be stored and displayed', () => {
    const isDate = (ms: number, maxMs: number) => {
      expect(Number.isSafeInteger(ms)).toBe(true);
      expect(ms).toBeLessThanOrEqual(NOW_MS + maxMs);
      expect(isoTime(ms)).toBe(new Date(ms).toISOString());
    };
    fc.assert(
      fc.property(numbers, (number) => {
        isDate(tokenExpiry(number, NOW_MS), MAX_TOKEN_LIFETIME_MS);
        isDate(registrationExpiry(number, NOW_MS), 366 * 86_400_000);
        isDate(NOW_MS + (cappedMs(number, MAX_THROTTLE_WAIT_MS) ?? 0), MAX_THROTTLE_WAIT_MS);
        const asked = parseRetryAfter(String(number), NOW_MS);
        if (asked !== undefined) isDate(NOW_MS + (cappedMs(asked, MAX_THROTTLE_WAIT_MS) ?? 0), MAX_THROTTLE_WAIT_MS);
        expect(isoTime(number)).toMatch(/^\d{4}-\d\d-\d\dT/);
      }),
      { seed: 42 },
    );
  });
});

describe('external figures', () => {
  it.each([
    [1_500.2, 1_501],
    [-5, 0],
    [0, 0],
    [Number.POSITIVE_INFINITY, 10_000],
    [1e300, 10_000],
    [Number.NaN, undefined],
  ])('become a wait within bounds: %d', (ms, expected) => {
    expect(cappedMs(ms, 10_000)).toBe(expected);
  });

  it('become a date within the limit', () => {
    expect(cappedDate(500, 1_000, 100)).toBe(500);
    expect(cappedDate(1e300, 1_000, 100)).toBe(1_100);
  });

  it.each([
    [3_600, 3_600_000],
    [1e12, MAX_TOKEN_LIFETIME_MS],
    [-1, 0],
    [Number.NaN, 0],
  ])('become the expiry of a token: %d s', (lifetimeS, expected) => {
    expect(tokenExpiry(lifetimeS, 7)).toBe(7 + expected);
  });

  const nowMs = Date.parse('2026-11-29T12:00:00Z');
  it.each([
    ['3', 3_000],
    [' 1.5 ', 1_500],
    ['Sun, 29 Nov 2026 12:00:30 GMT', 30_000],
    ['Sun, 29 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['-3', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('are read from Retry-After: %j', (value, expected) => {
    expect(parseRetryAfter(value, nowMs)).toBe(expected);
  });

  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [Number.POSITIVE_INFINITY, '9999-12-31T23:59:59.999Z'],
    [-1e300, '0000-01-01T00:00:00.000Z'],
    [Number.NaN, '1970-01-01T00:00:00.000Z'],
  ])('are always formatted as a time: %d', (ms, expected) => {
    expect(isoTime(ms)).toBe(expected);
  });
});
