import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceSearch } from './sequence-search.ts';

const words = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'ü'), minLength: 1, maxLength });

/** What is read at each character: the sequence that it completes, and how much of one has begun. */
function read(sequences: readonly string[], text: string): [string | undefined, number][] {
  const search = new SequenceSearch(sequences);
  return Array.from({ length: text.length }, (_, at) => [search.read(text.charCodeAt(at)), search.begun]);
}

describe('the search for sequences', () => {
  it('finds what a search of the whole text finds', () => {
    fc.assert(
      fc.property(fc.array(words(5), { maxLength: 5 }), words(30), (sequences, text) => {
        const longestFirst = sequences.toSorted((one, other) => other.length - one.length);
        const beginnings = sequences.flatMap((whole) => [...whole].map((_, at) => whole.slice(0, at + 1)));
        const expected = [...text].map((_, at) => {
          const before = text.slice(0, at + 1);
          const begun = beginnings.filter((beginning) => before.endsWith(beginning)).map(({ length }) => length);
          return [longestFirst.find((sequence) => before.endsWith(sequence)), Math.max(0, ...begun)];
        });
        expect(read(sequences, text)).toEqual(expected);
      }),
      { seed: 42, numRuns: 1_000 },
    );
  });

  it('looks at a character a few times, however much of the sequences the text repeats', () => {
    const sequences = Array.from({ length: 100 }, (_, index) => `${'a'.repeat(200 - index)}b${index}`);
    const text = `${'a'.repeat(150)}x`.repeat(100);
    const search = new SequenceSearch(sequences);
    const get = Map.prototype.get;
    let looks = 0;
    Map.prototype.get = function (this: Map<unknown, unknown>, name) {
      looks += 1;
      return get.call(this, name);
    };
    try {
      for (let at = 0; at < text.length; at += 1) search.read(text.charCodeAt(at));
    } finally {
      Map.prototype.get = get;
    }
    expect(looks).toBeLessThan(3 * text.length);
  });

  it('forgets what was read before a restart', () => {
    const search = new SequenceSearch(['ab']);
    search.read('a'.charCodeAt(0));
    search.restart();
    expect(search.begun).toBe(0);
    expect(search.read('b'.charCodeAt(0))).toBeUndefined();
  });
});
