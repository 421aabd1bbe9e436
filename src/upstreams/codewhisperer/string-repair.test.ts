import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextPiece } from '../../core/text.ts';
import { StringRepair } from './string-repair.ts';

function repair(...fragments: readonly string[]): { json: string; isRepaired: boolean; isAmbiguous: boolean } {
  const strings = new StringRepair();
  const json = fragments.map((fragment) => strings.push(TextPiece.plain(fragment)).plain).join('');
  return { json, isRepaired: strings.isRepaired, isAmbiguous: strings.isAmbiguous };
}

describe('a string in JSON', () => {
  it.each([
    ['a raw line break', '{"a":"x\ny"}', { a: 'x\ny' }],
    ['other raw control characters', '{"a":"\u0000\t\u001f"}', { a: '\u0000\t\u001f' }],
    ['a backslash before a letter that begins no escape', '{"a":"C:\\Users\\x"}', { a: 'C:\\Users\\x' }],
    ['a backslash before u and no hex digits', '{"a":"C:\\users"}', { a: 'C:\\users' }],
    ['a backslash before u and too few hex digits', '{"a":"\\u12"}', { a: '\\u12' }],
    ['a backslash before a raw line break', '{"a":"x\\\ny"}', { a: 'x\\\ny' }],
    ['a stray backslash beside an escaped quote', '{"a":"\\d \\"x\\""}', { a: '\\d "x"' }],
    ['a stray backslash in one string and an escape in another', '{"a":"\\d","b":"\\n"}', { a: '\\d', b: '\n' }],
    ['a stray backslash in a key', '{"\\d":1}', { '\\d': 1 }],
    ['a raw line break beside an escaped one', '{"a":"x\ny\\nz"}', { a: 'x\ny\nz' }],
  ])('is repaired: %s', (_name, broken, expected) => {
    expect(() => JSON.parse(broken)).toThrow();
    const { json, ...flags } = repair(broken);
    expect(JSON.parse(json)).toEqual(expected);
    expect(flags).toEqual({ isRepaired: true, isAmbiguous: false });
    for (let cut = 0; cut <= broken.length; cut++) {
      expect(repair(broken.slice(0, cut), broken.slice(cut))).toEqual({ json, ...flags });
    }
  });

  it.each([
    ['{"a":"C:\\Users\\new"}'],
    ['{"a":"C:\\new\\Users"}'],
    ['{"a":"\\\\server\\Users"}'],
    ['{"a":"\\d\\u0041"}'],
    ['{"a":"\\/\\d"}'],
  ])('is ambiguous when it mixes stray backslashes and escapes: %s', (broken) => {
    expect(repair(broken)).toMatchObject({ isRepaired: true, isAmbiguous: true });
    expect(repair(...broken)).toEqual(repair(broken));
  });

  it('is neither repaired outside its quotes nor completed', () => {
    for (const broken of ['{"a":\u0000"x"}', '{"a":\\d}', '{"a":"C:\\Users\\"}', '{"a":"x']) {
      const { json } = repair(broken);
      expect(() => JSON.parse(json)).toThrow();
    }
  });

  it('is unchanged if valid, however it is cut', () => {
    fc.assert(
      fc.property(fc.json(), fc.array(fc.nat(), { maxLength: 8 }), (json, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (json.length + 1)).sort((a, b) => a - b), json.length];
        const fragments = places.slice(1).map((place, index) => json.slice(places[index], place));
        expect(repair(...fragments)).toEqual({ json, isRepaired: false, isAmbiguous: false });
      }),
      { seed: 42, numRuns: 1_000 },
    );
  });

  it('returns the same piece for a valid fragment', () => {
    const strings = new StringRepair();
    for (const text of ['{"a":"', 'plain words', ' and \\n an escape', '"}']) {
      const piece = TextPiece.plain(text);
      expect(strings.push(piece)).toBe(piece);
    }
  });
});
