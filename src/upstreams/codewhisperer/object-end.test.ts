import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ObjectEnd } from './object-end.ts';

/** The number of parts until one that has the end. */
function partsUntilEnd(parts: readonly string[]): number {
  const end = new ObjectEnd();
  return parts.findIndex((part) => end.isIn(part)) + 1;
}

it('finds the end of any object, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(4), fc.boolean(), (object, spaces, isCut) => {
      const json = JSON.stringify(object, undefined, spaces);
      expect(partsUntilEnd([...json])).toBe([...json].length);
      if (isCut) expect(partsUntilEnd([json.slice(0, -1), '}'])).toBe(2);
    }),
    { seed: 42, numRuns: 500 },
  );
});

it.each([
  ['{"a":"}"', ' }'],
  ['{"a":"\\"}', '"}'],
  ['{"a":"\\\\', '"}'],
  ['\n{"a":{}', '}\n'],
])('does not take a brace in %s for the end', (...parts) => {
  expect(partsUntilEnd(parts)).toBe(2);
});

it.each(['', '"{}"', '}', '[1]', '{"a":"b"'])('finds none in %j', (text) => {
  expect(partsUntilEnd([text])).toBe(0);
});
