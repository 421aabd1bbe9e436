import { describe, expect, it } from 'vitest';
import { dayOf, monthOf } from './utc-periods.ts';

describe('periods in UTC', () => {
  it('begin with their first millisecond and end before the next period', () => {
    const midnight = Date.UTC(2026, 1, 1);
    expect(dayOf(midnight - 1)).toEqual({ startMs: Date.UTC(2026, 0, 31), endMs: midnight });
    expect(dayOf(midnight)).toEqual({ startMs: midnight, endMs: Date.UTC(2026, 1, 2) });
    expect(monthOf(midnight)).toEqual({ startMs: midnight, endMs: Date.UTC(2026, 2, 1) });
    expect(monthOf(midnight - 1)).toEqual({ startMs: Date.UTC(2026, 0, 1), endMs: midnight });
    expect(monthOf(Date.UTC(2026, 11, 31))).toEqual({ startMs: Date.UTC(2026, 11, 1), endMs: Date.UTC(2027, 0, 1) });
  });
});
