import { describe, expect, it } from 'vitest';
import { estimated, measured } from '../../core/usage.ts';
import { type ActivityBucket, bucketsOfRows, percentile, ranked, totalOf } from './activity.ts';
import type { StoredLedgerRow } from './ledger-store.ts';

const bucket = (startMs: number, group: string | null, requests: number, credits = 0): ActivityBucket => ({
  ...{ startMs, group, requests, errors: 0, abandoned: 0, inputTokens: 0, outputTokens: 0, credits },
  estimatedCredits: 0,
});

function row(receivedMs: number, model: string, change: { outcome?: string; details?: object } = {}): StoredLedgerRow {
  const group = { model, outcome: change.outcome ?? 'ok' };
  return { receivedMs, group, details: change.details ?? {} } as unknown as StoredLedgerRow;
}

describe('buckets of rows', () => {
  it('sum what arrived in the same interval with the same value', () => {
    const usage = { inputTokens: measured(10), outputTokens: measured(2), credits: estimated(0.5) };
    const rows = [
      row(125_000, 'a', { outcome: 'failed' }),
      row(119_000, 'a', { details: { usage } }),
      row(61_000, 'a', { outcome: 'abandoned' }),
      row(60_000, 'b'),
    ];
    expect(bucketsOfRows(rows, 'model', 60_000)).toMatchObject([
      {
        startMs: 60_000,
        group: 'a',
        requests: 2,
        errors: 0,
        abandoned: 1,
        inputTokens: 10,
        credits: 0.5,
        estimatedCredits: 0.5,
      },
      { startMs: 60_000, group: 'b', requests: 1, credits: 0 },
      { startMs: 120_000, group: 'a', requests: 1, errors: 1 },
    ]);
  });
});

describe('ranks', () => {
  it('add up each group over time, largest first, and keep some', () => {
    const buckets = [bucket(1, 'a', 2), bucket(2, 'a', 3), bucket(1, 'b', 9), bucket(2, null, 1)];
    expect(ranked(buckets, 2).map(({ group, requests }) => [group, requests])).toEqual([
      ['b', 9],
      ['a', 5],
    ]);
    expect(totalOf(buckets).requests).toBe(15);
  });
});

describe('percentiles', () => {
  it('are values that occur', () => {
    expect(percentile([5, 1, 4, 2, 3], 0.5)).toBe(3);
    expect(percentile([5, 1, 4, 2, 3], 0.95)).toBe(5);
    expect(percentile([7], 0)).toBe(7);
    expect(percentile([], 0.5)).toBeUndefined();
  });
});
