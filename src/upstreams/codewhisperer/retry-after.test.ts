import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import { cappedRetryAfter, readRetryAfter } from './retry-after.ts';

const NOW_MS = Date.parse('2026-11-29T12:00:00Z');
const inBody = (body: JsonObject, message?: string) => readRetryAfter(undefined, [body], message, NOW_MS);

describe('the wait that a service requests', () => {
  it.each<[JsonObject, number]>([
    [{ retryAfterMilliseconds: 300_000 }, 300_000],
    [{ retryAfterMilliseconds: '1500' }, 1_500],
    [{ retryAfterMs: 250 }, 250],
    [{ retry_after_ms: 250 }, 250],
    [{ retryAfterInMillis: 250 }, 250],
    [{ retryAfterSeconds: 7 }, 7_000],
    [{ RetryAfter: 7 }, 7_000],
    [{ 'retry-after': '7' }, 7_000],
    [{ retry_after: 'Sun, 29 Nov 2026 12:01:00 GMT' }, 60_000],
    [{ retryDelay: '30s' }, 30_000],
    [{ message: 'slow', retryAfterMilliseconds: 0 }, 0],
  ])('is read from the body: %j', (body, expected) => {
    expect(inBody(body)).toBe(expected);
  });

  it.each<JsonObject>([
    { retryAfterMilliseconds: null },
    { retryAfterMilliseconds: -1 },
    { retryAfter: 'soon' },
    { retryAfter: { seconds: 7 } },
    { retries: 7 },
    { retryAfterwards: 7 },
    { ['retry-after'.padEnd(100_000, '-')]: 7 },
  ])('is nothing else', (body) => {
    expect(inBody(body)).toBeUndefined();
  });

  it.each<[string, number | undefined]>([
    ['Please try again in 20 seconds.', 20_000],
    ['Try again in 1.5s', 1_500],
    ['retry after 250 ms', 250],
    ['Try again in 2 minutes', 120_000],
    ['try again after 1 hour', 3_600_000],
    ['please wait before trying again', undefined],
    ['try again in a moment', undefined],
  ])('is read from the words: %s', (message, expected) => {
    expect(inBody({}, message)).toBe(expected);
  });

  it('comes from the header, then the body, then the message', () => {
    const body = { retryAfterMs: 2 };
    expect(readRetryAfter('1', [body], 'try again in 3 s', NOW_MS)).toBe(1_000);
    expect(readRetryAfter('soon', [body], 'try again in 3 s', NOW_MS)).toBe(2);
    expect(readRetryAfter(undefined, [{}, body], 'try again in 3 s', NOW_MS)).toBe(2);
  });

  it('is capped at an hour, for a quota at 32 days, whatever its source', () => {
    expect(cappedRetryAfter(1e300, 'account_throttled')).toBe(3_600_000);
    expect(cappedRetryAfter(Number.POSITIVE_INFINITY, 'upstream_throttled')).toBe(3_600_000);
    expect(cappedRetryAfter(1e300, 'quota_exhausted')).toBe(32 * 86_400_000);
    expect(cappedRetryAfter(5_000_000, 'daily_limit')).toBe(5_000_000);
    expect(cappedRetryAfter(undefined, 'daily_limit')).toBeUndefined();
  });
});
