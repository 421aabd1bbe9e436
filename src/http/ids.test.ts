import { expect, it } from 'vitest';
import { randomId } from './ids.ts';

it("generates unique ids from the vendors' alphabet, with all characters equally frequent", () => {
  const ids = Array.from({ length: 20_000 }, randomId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[A-Za-z0-9]{24}$/.test(id))).toBe(true);
  const counts = new Map<string, number>();
  for (const id of ids) for (const character of id) counts.set(character, (counts.get(character) ?? 0) + 1);
  // 480,000 characters over 62: 7,742 of each, with a standard deviation of 87.
  expect(counts.size).toBe(62);
  for (const count of counts.values()) expect(Math.abs(count - 7_742)).toBeLessThan(700);
});
