import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, quantile, seededRandom, spreadOf } from './statistics.ts';

describe('quantile', () => {
  it.each([
    [[10], 0.5, 10],
    [[1, 2], 0.5, 1],
    [[1, 2, 3], 0.5, 2],
    [[1, 2, 3, 4], 0.99, 4],
    [Array.from({ length: 100 }, (_, index) => index + 1), 0.99, 99],
    [Array.from({ length: 1000 }, (_, index) => index + 1), 0.99, 990],
    [[5, 6], 0, 5],
    [[5, 6], 1, 6],
  ])('of %j at %d is %d', (values, share, expected) => {
    expect(quantile(values, share)).toBe(expected);
  });

  it('of nothing is not a number', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('is a measured value that enough values do not exceed', () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (measured, share) => {
        const sorted = Float64Array.from(measured).sort();
        const found = quantile(sorted, share);
        expect(sorted).toContain(found);
        expect(measured.filter((value) => value <= found).length).toBeGreaterThanOrEqual(
          share * measured.length - 1e-9,
        );
      }),
      { seed: 42, numRuns: 200 },
    );
  });
});

describe('spreadOf', () => {
  it('sorts as numbers and counts', () => {
    expect(spreadOf([100, 9, 20])).toEqual({ count: 3, p50: 20, p99: 100, max: 100 });
  });
});

describe('median', () => {
  it('does not depend on the order', () => {
    expect(median([30, 1, 2])).toBe(2);
  });
});

describe('seededRandom', () => {
  it('is the same for a seed and differs for another', () => {
    const first = seededRandom(7);
    const again = seededRandom(7);
    const other = seededRandom(8);
    const numbers = Array.from({ length: 5 }, first);
    expect(Array.from({ length: 5 }, again)).toEqual(numbers);
    expect(Array.from({ length: 5 }, other)).not.toEqual(numbers);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  });
});
