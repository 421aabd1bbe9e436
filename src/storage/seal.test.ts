import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeal } from './seal.ts';
import { keyFromSetting } from './secret-key.ts';

const seal = createSeal(randomBytes(32));

describe('the seal', () => {
  it('opens what it sealed, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, place) => {
        expect(seal.open(place, seal.close(place, text))).toBe(text);
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('never produces the same bytes twice', () => {
    expect(seal.close('p', 'text')).not.toEqual(seal.close('p', 'text'));
  });

  it('does not open in another place, with another key or with a changed byte', () => {
    const sealed = seal.close('accounts/a', 'secret');
    expect(() => seal.open('accounts/b', sealed)).toThrow('could not be decrypted');
    expect(() => createSeal(randomBytes(32)).open('accounts/a', sealed)).toThrow('could not be decrypted');
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => seal.open('accounts/a', changed)).toThrow('could not be decrypted');
    }
    for (let length = 0; length < sealed.length; length++)
      expect(() => seal.open('accounts/a', sealed.subarray(0, length))).toThrow('could not be decrypted');
  });

  it('accepts only keys of 32 bytes', () => {
    expect(() => createSeal(randomBytes(16))).toThrow('32 bytes');
  });

  it('derives the same key from the same setting', () => {
    expect(keyFromSetting('a'.repeat(40))).toEqual(keyFromSetting('a'.repeat(40)));
    expect(keyFromSetting('a'.repeat(40))).not.toEqual(keyFromSetting('b'.repeat(40)));
    expect(keyFromSetting('a'.repeat(40))).toHaveLength(32);
  });
});
