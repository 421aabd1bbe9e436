import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../../test/support/collect-garbage.ts';
import { TextPiece } from './text.ts';
import { TokenCount } from './token-count.ts';
import { estimateTokens } from './tokens.ts';

const SENTENCE = 'The gateway, which reads 1,234 frames a second, said "no".\n';

function counted(...texts: readonly (readonly string[])[]): TokenCount {
  const count = new TokenCount();
  for (const deltas of texts) {
    for (const delta of deltas) count.add(TextPiece.plain(delta));
    count.settle();
  }
  return count;
}

describe('the token count of a stream', () => {
  it('is the sum of its texts, whichever way they are cut', () => {
    const expected = estimateTokens(SENTENCE) + estimateTokens('Two');
    expect(counted([SENTENCE], ['Two']).total).toBe(expected);
    expect(counted([...SENTENCE], ['T', 'wo']).total).toBe(expected);
  });

  it('does not join a text to the one before it', () => {
    expect(counted(['un'], ['believable']).total).toBe(estimateTokens('un') + estimateTokens('believable'));
    expect(counted(['un'], []).totalWith('believable')).toBe(estimateTokens('un') + estimateTokens('believable'));
  });

  it('keeps little more than the characters of a text that arrives in small pieces', () => {
    const letters = Buffer.alloc(100_000, 'a long reply ').toString('latin1');
    const counts = Array.from({ length: 2_000 }, () => new TokenCount());
    const before = heapUsed();
    for (let at = 0; at < 36; at++)
      for (const [index, count] of counts.entries()) {
        const start = (at * 2_000 + index) % 90_000;
        // A text of its own, as each frame's is.
        count.add(TextPiece.plain(Buffer.from(letters.slice(start, start + 18)).toString('latin1')));
      }
    const bytesEach = (heapUsed() - before) / counts.length;
    // 648 characters. With each piece for itself it would be 2,600 bytes.
    expect(bytesEach).toBeLessThan(1_600);
    expect(counts.every((count) => count.total > 50)).toBe(true);
  });

  it('is the same for two counts of the same text, counted in turn with another', () => {
    const [first, second, other] = [new TokenCount(), new TokenCount(), new TokenCount()];
    for (let delta = 0; delta < 200; delta++) {
      first.add(TextPiece.plain(SENTENCE));
      second.add(TextPiece.plain(SENTENCE));
      other.add(TextPiece.plain('Something else. '));
    }
    expect(second.total).toBe(first.total);
    expect(other.total).not.toBe(first.total);
    expect(first.total / (200 * estimateTokens(SENTENCE))).toBeCloseTo(1, 1);
  });

  it.each([1, 40])('reaches its total and nothing above it, with %s texts', (texts) => {
    const count = counted(...Array.from({ length: texts }, () => [SENTENCE]));
    const expected = texts * estimateTokens(SENTENCE);
    expect(count.reaches(expected + 1)).toBe(false);
    expect(count.reaches(expected)).toBe(true);
    expect(count.reaches(100_000)).toBe(false);
    expect(count.total).toBe(expected);
  });

  it('never exceeds its upper bound', () => {
    const count = counted([SENTENCE], ['测试 ', '🌍🌍']);
    expect(count.atMostWith(TextPiece.plain('!?'))).toBeGreaterThanOrEqual(count.totalWith('!?'));
  });
});

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
