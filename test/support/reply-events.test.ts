import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReplyEvent } from '../../src/core/reply.ts';
import { brokenReplyEvents, pieces, replyEvents } from './reply-events.ts';

/** One letter per event, and the grammar of core/reply.ts as a pattern over the letters. */
const LETTERS: Record<ReplyEvent['type'], string> = {
  'reply-start': '<',
  'text-start': '[',
  'text-delta': 't',
  'text-end': ']',
  'reasoning-start': '(',
  'reasoning-delta': 'r',
  'reasoning-end': ')',
  'redacted-reasoning': 'x',
  'tool-use-start': '{',
  'tool-use-delta': 'j',
  'tool-use-end': '}',
  'web-search-start': '(',
  'web-search-end': ')',
  'text-citation': 't',
  source: 's',
  'reply-end': '>',
  'reply-error': '!',
};
const GRAMMAR = /^<(\[t*\]|\(r*\)|\{j*\}|x|s)*>$/;

const letters = (events: readonly ReplyEvent[]): string => events.map((event) => LETTERS[event.type]).join('');

it('generates replies that obey the grammar, with blocks counted from 0', () => {
  fc.assert(
    fc.property(replyEvents(), (events) => {
      expect(letters(events)).toMatch(GRAMMAR);
      const indexes = new Set(events.flatMap((event) => ('index' in event ? [event.index] : [])));
      expect([...indexes]).toEqual([...indexes.keys()].map((_, i) => i));
    }),
    { seed: 42, numRuns: 200 },
  );
});

it('breaks replies off with one error as the last event', () => {
  fc.assert(
    fc.property(brokenReplyEvents(), (events) => {
      expect(letters(events)).toMatch(/^<[^>!]*!$/);
    }),
    { seed: 42, numRuns: 200 },
  );
});

it('cuts text without losing any', () => {
  expect(pieces('hello', [2, 2, 9])).toEqual(['he', '', 'l', 'lo']);
});
