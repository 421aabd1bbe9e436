import { describe, expect, it } from 'vitest';
import { largestSeries } from './series.ts';

const point = (values: Record<string, number>) => ({ timeMs: 0, values });

describe('the series of a chart', () => {
  it('are the five largest, and the sum of the others', () => {
    const { points, series } = largestSeries([point({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 })], 'other');
    expect(series.map(({ name }) => name)).toEqual(['g', 'f', 'e', 'd', 'c', 'other']);
    expect(points).toEqual([point({ c: 3, d: 4, e: 5, f: 6, g: 7, other: 3 })]);
  });

  it('keep their data if there are few', () => {
    const points = [point({ a: 1 }), point({ b: 2 })];
    expect(largestSeries(points, 'other')).toMatchObject({ points, series: [{ name: 'b' }, { name: 'a' }] });
  });

  it('have the same colour in every chart, and different ones in one', () => {
    const colorOf = (names: string[], name: string) =>
      largestSeries([point(Object.fromEntries(names.map((each, index) => [each, 10 - index])))], 'other').series.find(
        (series) => series.name === name,
      )?.color;
    expect(colorOf(['claude-sonnet-4.5', 'auto'], 'claude-sonnet-4.5')).toBe(
      colorOf(['claude-sonnet-4.5', 'qwen3-coder-next'], 'claude-sonnet-4.5'),
    );
    const all = largestSeries([point({ a: 5, k: 4, u: 3, b: 2, l: 1 })], 'other').series.map(({ color }) => color);
    expect(new Set(all).size).toBe(5);
  });
});
