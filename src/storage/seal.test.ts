import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeal } from './seal.ts';
import { keyFromSetting } from './secret-key.ts';

const seal = createSeal(randomBytes(32));

describe('the seal', () => {
  it('opens what it closed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, place) => {
        expect(seal.open(place, seal.close(place, text))).toBe(text);
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('never makes the same bytes twice', () => {
    expect(seal.close('p', 'text')).not.toEqual(seal.close('p', 'text'));
  });

  it('does not open at another place, with another key, or when any byte is changed', () => {
    const sealed = seal.close('accounts/a', 'secret');
    expect(() => seal.open('accounts/b', sealed)).toThrow('cannot be unsealed');
    expect(() => createSeal(randomBytes(32)).open('accounts/a', sealed)).toThrow('cannot be unsealed');
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => seal.open('accounts/a', changed)).toThrow('cannot be unsealed');
    }
    for (let length = 0; length < sealed.length; length++)
      expect(() => seal.open('accounts/a', sealed.subarray(0, length))).toThrow('cannot be unsealed');
  });

  it('takes keys of 32 bytes alone', () => {
    expect(() => createSeal(randomBytes(16))).toThrow('32 bytes');
  });

  it('makes the same key of the same setting', () => {
    expect(keyFromSetting('a'.repeat(40))).toEqual(keyFromSetting('a'.repeat(40)));
    expect(keyFromSetting('a'.repeat(40))).not.toEqual(keyFromSetting('b'.repeat(40)));
    expect(keyFromSetting('a'.repeat(40))).toHaveLength(32);
  });
});
