import { expect, it } from 'vitest';
import { growthExponent } from './curves.ts';

const points = (cost: (size: number) => number) => [1, 10, 100, 1000].map((size) => ({ size, cost: cost(size) }));

it.each([
  ['a linear cost', (size: number) => 3 * size, 1],
  ['a quadratic cost', (size: number) => size * size, 2],
  ['a constant cost', () => 5, 0],
])('gives the exponent of %s', (_, cost, exponent) => {
  expect(growthExponent(points(cost))).toBeCloseTo(exponent, 10);
});

it('stays below 1 for a fixed cost plus a linear one', () => {
  expect(growthExponent(points((size) => 100 + size))).toBeLessThan(1);
});

it('looks at sizes that are far apart, because noise outweighs the growth between close ones', () => {
  const noisy = [100, 150, 400, 600].map((size) => ({ size, cost: size === 150 ? 1.5 * size : size }));
  expect(growthExponent(noisy)).toBeCloseTo(1, 10);
});

it('finds the point from which a cost grows faster', () => {
  expect(growthExponent(points((size) => (size < 500 ? size : size ** 1.5)))).toBeGreaterThan(1.9);
});
