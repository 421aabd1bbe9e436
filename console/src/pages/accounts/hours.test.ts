import { expect, it } from 'vitest';
import type { Bucket } from '../../api/history.ts';
import { hoursByAccount } from './hours.ts';

const NOW_MS = Date.UTC(2026, 10, 29, 14, 20);

function bucket(group: string, hour: number, requests: number, errors: number): Bucket {
  const amounts = {
    abandoned: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    credits: 0,
    estimatedCredits: 0,
  };
  const times = { durationMs: 0, firstByteMs: 0, firstByteCount: 0, listPriceUsd: 0 };
  const from = new Date(Date.UTC(2026, 10, 29, hour)).toISOString();
  return { from, group, label: null, requests, errors, ...amounts, ...times };
}

it('gives each account 24 hours that end with the current one', () => {
  const hoursOf = hoursByAccount([bucket('a', 14, 7, 2), bucket('a', 13, 3, 0), bucket('b', 14, 1, 1)], NOW_MS);
  const hours = hoursOf('a');
  expect(hours).toHaveLength(24);
  expect(hours.at(-1)).toEqual({ fromMs: Date.UTC(2026, 10, 29, 14), requests: 7, errors: 2 });
  expect(hours.at(-2)).toMatchObject({ requests: 3, errors: 0 });
  expect(hours[0]).toEqual({ fromMs: Date.UTC(2026, 10, 28, 15), requests: 0, errors: 0 });
  expect(hoursOf('b').reduce((sum, { requests }) => sum + requests, 0)).toBe(1);
  expect(hoursOf('unknown').every(({ requests }) => requests === 0)).toBe(true);
});
