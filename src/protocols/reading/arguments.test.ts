import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

const listOf = (count: number) => JSON.stringify({ a: Array.from({ length: count }, () => 1) });

describe('readArguments', () => {
  it('reads the JSON text of an object, and leaves other text alone', () => {
    expect(readArguments('{"a":[1,{"b":"x"}]}')).toEqual({ a: [1, { b: 'x' }] });
    for (const text of ['[1]', 'plain', '{"a":', '"x"']) expect(readArguments(text)).toBe(text);
    expect(readArguments(' ')).toEqual({});
  });

  it('leaves JSON with more than 5,000 values as text', () => {
    expect(readArguments(listOf(4_900))).toHaveProperty('a.length', 4_900);
    expect(readArguments(listOf(5_100))).toBe(listOf(5_100));
    const nested = `{"a":${'['.repeat(6_000)}${']'.repeat(6_000)}}`;
    expect(readArguments(nested)).toBe(nested);
  });

  it('does not count what stands in strings', () => {
    const code = `${'f(a, [b], {c}); "x\\", '.repeat(4_000)}\\`;
    expect(readArguments(JSON.stringify({ code, [`${code}"`]: 1 }))).toEqual({ code, [`${code}"`]: 1 });
  });
});
