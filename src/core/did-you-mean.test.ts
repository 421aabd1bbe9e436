import { describe, expect, it } from 'vitest';
import { closestTo, didYouMean } from './did-you-mean.ts';

describe('closestTo', () => {
  it.each([
    ['a missing letter', 'stiky', ['sticky']],
    ['swapped letters', 'rnadom', ['random']],
    ['a letter too many', 'stickyy', ['sticky']],
    ['another case', 'STICKY', ['sticky']],
    ['nothing close', 'weighted', []],
    ['nothing written', ' ', []],
  ])('reads %s', (_, written, expected) => {
    expect(closestTo(written, ['sticky', 'random', 'fill-first'])).toEqual(expected);
  });

  it('lists all equally close candidates, each once', () => {
    expect(closestTo('host', ['hosts', 'ghost', 'port', 'hosts'])).toEqual(['hosts', 'ghost']);
  });

  it('does not suggest an unrelated short word for another', () => {
    expect(closestTo('abc', ['xyz', 'q'])).toEqual([]);
  });

  it('does not compare texts of unlimited length', () => {
    expect(closestTo('a'.repeat(1_000_000), ['a'])).toEqual([]);
  });
});

describe('didYouMean', () => {
  it('returns a sentence with a leading space', () => {
    expect(didYouMean('sttaus', ['status', 'list'])).toBe(' Did you mean status?');
    expect(didYouMean('hist', ['host', 'list'])).toBe(' Did you mean host or list?');
    expect(didYouMean('nothing', ['status'])).toBe('');
  });
});
