import { describe, expect, it } from 'vitest';
import { checkOfKeys } from '../../test/support/key-check.ts';

describe('API keys', () => {
  const check = checkOfKeys('first-key', 'second-key', 'ключ');

  it('have one client id each, always the same', () => {
    const ids = ['first-key', 'second-key', 'ключ'].map(check);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^key-[0-9a-f]{12}$/);
    expect(checkOfKeys('second-key')('second-key')).toBe(ids[1]);
  });

  it('are found among many', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `key number ${index}`);
    const find = checkOfKeys(...many);
    expect(new Set(many.map(find)).size).toBe(10_000);
    expect(find('key number 10000')).toBeUndefined();
  });

  it.each(['', 'first', 'first-key ', 'FIRST-KEY', 'third-key'])('reject %j', (presented) => {
    expect(check(presented)).toBeUndefined();
  });

  it('reject everything when there are none', () => {
    expect(checkOfKeys()('')).toBeUndefined();
  });

  it('do not show in the id', () => {
    expect(check('first-key')).not.toContain('first');
  });
});
