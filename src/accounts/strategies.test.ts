import { describe, expect, it } from 'vitest';
import { type Candidate, hash, STRATEGIES } from './strategies.ts';

function candidate(id: string, more: Partial<Candidate> = {}): Candidate {
  return { id, idHash: hash(id), weight: 1, inFlight: 0, quotaLeft: undefined, turn: 0, ...more };
}

function requestOf(conversationId = 'c', random = 0) {
  return { conversationId, random: () => random };
}

function share(counts: ReadonlyMap<string, number>, id: string): number {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return (counts.get(id) ?? 0) / total;
}

function count(rounds: number, choose: (round: number) => Candidate): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const { id } = choose(round);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

describe('sticky', () => {
  const [a, b, c] = [candidate('a'), candidate('b'), candidate('c')];

  it('spreads conversations evenly', () => {
    const counts = count(3_000, (round) => STRATEGIES.sticky([a, b, c], requestOf(`conversation-${round}`)));
    for (const id of ['a', 'b', 'c']) expect(share(counts, id)).toBeCloseTo(1 / 3, 1);
  });

  it('spreads them by weight', () => {
    const heavy = candidate('heavy', { weight: 3 });
    const counts = count(4_000, (round) => STRATEGIES.sticky([a, heavy], requestOf(`conversation-${round}`)));
    expect(share(counts, 'heavy')).toBeCloseTo(0.75, 1);
  });

  it('moves only the conversations of a removed account, and moves all of them back', () => {
    for (let round = 0; round < 300; round++) {
      const conversation = requestOf(`conversation-${round}`);
      const before = STRATEGIES.sticky([a, b, c], conversation);
      const without = STRATEGIES.sticky([a, c], conversation);
      if (before !== b) expect(without).toBe(before);
      expect(STRATEGIES.sticky([c, b, a], conversation)).toBe(before);
    }
  });
});

describe('least-used', () => {
  it.each<[string, readonly [Candidate, ...Candidate[]], string]>([
    ['takes the most left', [candidate('a', { quotaLeft: 0.4 }), candidate('b', { quotaLeft: 0.6 })], 'b'],
    [
      'takes unknown for average',
      [candidate('a', { quotaLeft: 0.9 }), candidate('b', { quotaLeft: 0.1 }), candidate('c')],
      'a',
    ],
    [
      'so that it has its share',
      [
        candidate('a', { quotaLeft: 0.5, inFlight: 1 }),
        candidate('b', { quotaLeft: 0.5, inFlight: 1 }),
        candidate('c'),
      ],
      'c',
    ],
    [
      'within a per cent takes the least busy',
      [candidate('a', { quotaLeft: 0.509, inFlight: 2 }), candidate('b', { quotaLeft: 0.501, inFlight: 1 })],
      'b',
    ],
    ['by weight', [candidate('a', { inFlight: 2 }), candidate('b', { inFlight: 4, weight: 5 })], 'b'],
    ['and of equal ones the next in turn', [candidate('a', { turn: 4 }), candidate('b', { turn: 3 })], 'b'],
  ])('%s', (_name, candidates, chosen) => {
    expect(STRATEGIES['least-used'](candidates, requestOf()).id).toBe(chosen);
  });
});

describe('the others', () => {
  it('round-robin takes the next in turn', () => {
    const candidates = [candidate('a', { turn: 2 }), candidate('b', { turn: 1 }), candidate('c', { turn: 1 })] as const;
    expect(STRATEGIES['round-robin'](candidates, requestOf()).id).toBe('b');
  });

  it('fill-first takes the first', () => {
    expect(STRATEGIES['fill-first']([candidate('b'), candidate('a')], requestOf()).id).toBe('b');
  });

  it('random takes each in proportion to its weight', () => {
    const candidates = [candidate('a'), candidate('b', { weight: 3 })] as const;
    const counts = count(400, (round) => STRATEGIES.random(candidates, requestOf('c', round / 400)));
    expect(counts.get('a')).toBe(100);
    expect(STRATEGIES.random(candidates, requestOf('c', 1)).id).toBe('a');
  });
});
