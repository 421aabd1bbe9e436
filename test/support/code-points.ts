/**
 * Any Unicode scalar value, as the unit of `fc.string`: the same strings and shrinks as of `unit: 'binary'`, which first
 * fills a map of all 1.1 million of them, for over a second and 100 MB in each of the tests' workers.
 */
import fc from 'fast-check';

const SURROGATES = { from: 0xd800, count: 0x800 };
const SCALAR_VALUES = 0x11_0000 - SURROGATES.count;

export const anyCodePoint: fc.Arbitrary<string> = fc.nat({ max: SCALAR_VALUES - 1 }).map(
  (index) => String.fromCodePoint(index < SURROGATES.from ? index : index + SURROGATES.count),
  (value) => indexOf(value),
);

/** The inverse, with which fast-check recognizes strings that it did not generate. Throws for what is not one of these. */
function indexOf(value: unknown): number {
  const codePoint = typeof value === 'string' ? value.codePointAt(0) : undefined;
  const isOne = codePoint !== undefined && value === String.fromCodePoint(codePoint);
  const isSurrogate = isOne && codePoint >= SURROGATES.from && codePoint < SURROGATES.from + SURROGATES.count;
  if (!isOne || isSurrogate) throw new Error('The value is not one Unicode scalar value.');
  return codePoint < SURROGATES.from ? codePoint : codePoint - SURROGATES.count;
}
