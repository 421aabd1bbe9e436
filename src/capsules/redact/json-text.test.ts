import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillerOf } from './filler.ts';
import { type Place, rewriteJson } from './json-text.ts';

const FILLING: Place = { string: fillerOf, number: fillerOf, key: fillerOf, inside: () => FILLING };
const SAME: Place = { string: (text) => text, key: (key) => key, inside: () => SAME };

describe('JSON text', () => {
  it('keeps its white space, escapes and order', () => {
    const text = '{ "caf\\u00e9" : [1.5e3, "a\\n\\"b\\u4F60\\ud83d\\ude00"],\n"x": null }';
    expect(rewriteJson(text, SAME)).toBe(text);
    expect(rewriteJson(text, FILLING)).toBe('{ "xxx\\u00e9" : [1.1e1, "x\\n\\"x\\u5b57\\ud83d\\ude00"],\n"x": null }');
  });

  it('has the meaning of the document with each string replaced', () => {
    const spaces = fc.constantFrom(0, 2);
    fc.assert(
      fc.property(fc.json(), spaces, (json, space) => {
        const text = JSON.stringify(JSON.parse(json), null, space);
        const rewritten = rewriteJson(text, FILLING);
        expect(rewritten).toHaveLength(text.length);
        expect(() => JSON.parse(rewritten ?? '')).not.toThrow();
      }),
      { seed: 42 },
    );
  });

  it('is rewritten to its end where it breaks off', () => {
    const text = '{"path":"/home/ada","lines":[12,{"deep":"a\\u4F60b"}]}';
    const whole = rewriteJson(text, FILLING) ?? '';
    for (let end = 1; end < text.length; end++) {
      const cut = rewriteJson(text.slice(0, end), FILLING);
      expect(cut, text.slice(0, end)).toHaveLength(end);
      expect(cut).not.toMatch(/home|ada|deep/);
      if (!/\\u[0-9A-Fa-f]{0,3}$|\\$/.test(text.slice(0, end))) expect(cut).toBe(whole.slice(0, end));
    }
  });

  it('is refused if it is none', () => {
    for (const text of ['hello', '{"a" 1}', '{a:1}', '[1 2]', '{"a":1} x', '"a\u0000'])
      expect(rewriteJson(text, FILLING), text).toBeUndefined();
  });
});
