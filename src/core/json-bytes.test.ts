import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCodePoint } from '../../test/support/code-points.ts';
import { jsonBytes } from './json-bytes.ts';
import { KnownTexts } from './known-texts.ts';
import { runAtOnce } from './steps.ts';

const printed = (value: unknown, texts = new KnownTexts()) => String(runAtOnce(jsonBytes(value, { texts })));

/** Strings on both sides of the length from which texts are remembered. */
const text = fc
  .tuple(fc.string({ unit: anyCodePoint, maxLength: 20 }), fc.constantFrom(1, 30, 300, 2_000))
  .map(([piece, times]) => piece.repeat(times));

const { value: jsonValue } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, text, fc.double(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  object: fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('content', '__proto__', '1')), tie('value'), {
    maxKeys: 4,
  }),
}));

describe('jsonBytes', () => {
  it.each([
    null,
    'x"',
    1.5,
    [],
    {},
    [[1, [2]], { a: undefined }, undefined],
    { a: undefined, b: { c: [null, { d: '' }], 'e"': [] } },
    { first: '日本語"\n'.repeat(100), second: ['\ud800'.repeat(300)] },
  ])('prints what JSON.stringify prints: %j', (value) => {
    expect(printed(value)).toBe(JSON.stringify(value));
  });

  it('prints the same bytes whether or not it has printed the texts before', () => {
    const texts = new KnownTexts();
    fc.assert(
      fc.property(jsonValue, (value) => {
        const json = JSON.stringify(value);
        expect(printed(value, texts)).toBe(json);
        expect(printed(JSON.parse(json), texts)).toBe(JSON.stringify(JSON.parse(json)));
      }),
      { seed: 42, numRuns: 300 },
    );
    expect(texts.bytes).toBeGreaterThan(0);
  });

  it('copies the JSON of members that the caller knows', () => {
    const schema = { type: 'object' };
    const bytesOf = (key: string, member: object) =>
      key === 'json' && member === schema ? Buffer.from('{"known":true}') : undefined;
    const value = { list: [{ json: schema, other: schema }, { json: { ...schema } }, { json: 'text' }] };
    expect(String(runAtOnce(jsonBytes(value, { bytesOf })))).toBe(
      '{"list":[{"json":{"known":true},"other":{"type":"object"}},{"json":{"type":"object"}},{"json":"text"}]}',
    );
  });

  it('pauses after each element of an outer list', () => {
    const steps = jsonBytes({ a: { history: [1, [2, 3], { b: [4] }] }, c: [5] });
    let pauses = 0;
    while (!steps.next().done) pauses += 1;
    expect(pauses).toBe(4);
  });

  it('pauses after each few megabytes of joining', () => {
    const value = Array.from({ length: 6 }, (_, index) => `${index}"日`.repeat(300_000));
    const steps = jsonBytes(value, { texts: new KnownTexts() });
    let pauses = 0;
    let step = steps.next();
    for (; !step.done; step = steps.next()) pauses += 1;
    expect(String(step.value) === JSON.stringify(value)).toBe(true);
    // For each text once as it is serialised, once as its bytes are counted, and once as they are written.
    expect(pauses).toBe(18);
  });
});
