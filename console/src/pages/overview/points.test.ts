import { describe, expect, it } from 'vitest';
import { toLine, toPoints } from './points.ts';

const FROM_MS = Date.UTC(2026, 10, 29, 10, 20);
const HOUR_MS = 3_600_000;
const range = { fromMs: FROM_MS, toMs: FROM_MS + 3 * HOUR_MS };
const sums = { abandoned: 0, errors: 0, inputTokens: 40, outputTokens: 2, credits: 0.5, estimatedCredits: 0 };

describe('points of a chart', () => {
  const buckets = [
    { from: '2026-11-29T11:00:00.000Z', group: 'key-1', label: 'ci', requests: 3, ...sums },
    { from: '2026-11-29T11:00:00.000Z', group: null, label: null, requests: 1, ...sums },
    { from: '2026-11-29T13:00:00.000Z', group: 'key-2', label: null, requests: 5, ...sums },
  ];

  it('are one an hour, empty where nothing happened', () => {
    const points = toPoints({ buckets, span: 'hour' }, 'requests', range, 'none');
    expect(points.map(({ values }) => values)).toEqual([{}, { ci: 3, none: 1 }, {}, { 'key-2': 5 }]);
    expect(toLine(points)).toEqual([0, 4, 0, 5]);
  });

  it('add input and output tokens', () => {
    const points = toPoints({ buckets, span: 'hour' }, 'tokens', range, 'none');
    expect(points[1]?.values).toEqual({ ci: 42, none: 42 });
  });

  it('are bounded, however long the time', () => {
    const points = toPoints({ buckets: [], span: 'minute' }, 'requests', { fromMs: 0, toMs: 1e15 }, 'none');
    expect(points).toHaveLength(1_000);
  });
});
