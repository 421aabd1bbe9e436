import { describe, expect, it } from 'vitest';
import { FreeNames } from './free-names.ts';

describe('free names', () => {
  it('get the next number that is not in use', () => {
    const names = new FreeNames();
    const take = (name: string) => names.take(name, (count) => `${name}_${count}`);
    expect(['a', 'a_2', 'a', 'a', 'a_2', 'b', 'a'].map(take)).toEqual(['a', 'a_2', 'a_3', 'a_4', 'a_2_2', 'b', 'a_5']);
  });

  it('do not try the numbers of earlier repeats again', () => {
    const names = new FreeNames();
    let tried = 0;
    for (let repeat = 0; repeat < 5_000; repeat++) {
      names.take('call_0', (count) => {
        tried++;
        return `call_0_${count}`;
      });
    }
    expect(tried).toBe(4_999);
  });
});
