import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../core/tokens.ts';
import { fillerOf } from './filler.ts';

const text = fc.string({ unit: 'binary', maxLength: 60 });

describe('filler', () => {
  it('replaces letters and digits of every script, and leaves the rest', () => {
    expect(fillerOf('Hello, wörld! 2026\n\t{"a": [1.50]}')).toBe('Xxxxx, xéxxx! 1011\n\t{"x": [1.10]}');
    expect(fillerOf('你好。世界 こんにちは カナ 안녕 Привет 👩‍💻🎉')).toBe(
      '字字。字字 かかかかか カカ 한한 яяяяяя 😀‍😀😀',
    );
  });

  it('has the length, the bytes and the token estimate of its text', () => {
    fc.assert(
      fc.property(text, (original) => {
        const filler = fillerOf(original);
        expect(filler).toHaveLength(original.length);
        expect(Buffer.byteLength(filler)).toBe(Buffer.byteLength(original));
        expect(estimateTokens(filler)).toBe(estimateTokens(original));
      }),
      { seed: 42 },
    );
  });

  it('is the same whether a text is replaced whole or in pieces, once or twice', () => {
    fc.assert(
      fc.property(text, fc.nat(60), (original, cut) => {
        const pieces = fillerOf(original.slice(0, cut)) + fillerOf(original.slice(cut));
        expect(pieces).toBe(fillerOf(original));
        expect(fillerOf(pieces)).toBe(pieces);
      }),
      { seed: 42 },
    );
  });

  it('leaves no letter or digit of an alphabet but its fillers', () => {
    const fillers = new Set('xX10éя字かカ한ก㐀ꓐ');
    const all = Array.from({ length: 0xd800 }, (_, code) => fillerOf(String.fromCharCode(code)));
    expect(all.filter((filler) => /[\p{L}\p{N}\p{M}]/u.test(filler) && !fillers.has(filler))).toEqual([]);
  });
});
