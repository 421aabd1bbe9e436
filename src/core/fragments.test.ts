import { describe, expect, it } from 'vitest';
import { Fragments } from './fragments.ts';

describe('fragments', () => {
  it.each([0, 1, 63, 64, 65, 200])('are joined in order, %d of them', (count) => {
    const list = Array.from({ length: count }, (_, index) => `${index},`);
    const fragments = new Fragments();
    for (const fragment of list) fragments.push(fragment);
    expect(String(fragments)).toBe(list.join(''));
    expect(fragments.isEmpty).toBe(count === 0);
  });

  it('give what follows any of their characters', () => {
    const fragments = new Fragments();
    for (let index = 0; index < 150; index += 1) fragments.push(`${index},`);
    const whole = String(fragments);
    expect(fragments.chars).toBe(whole.length);
    for (let start = 0; start <= whole.length; start += 1) expect(fragments.from(start)).toBe(whole.slice(start));
  });
});
