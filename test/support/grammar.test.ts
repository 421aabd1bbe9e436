import { describe, expect, it } from 'vitest';
import type { ReplyEvent } from '../../src/core/reply.ts';
import { TextPiece } from '../../src/core/text.ts';
import { estimated } from '../../src/core/usage.ts';
import { checkGrammar } from './grammar.ts';

const start: ReplyEvent = { type: 'reply-start', inputTokens: estimated(1) };
const end: ReplyEvent = {
  type: 'reply-end',
  stopReason: 'end-turn',
  stopSequence: undefined,
  usage: { inputTokens: estimated(1), outputTokens: estimated(1) },
};
const textStart: ReplyEvent = { type: 'text-start' };
const textDelta: ReplyEvent = { type: 'text-delta', text: TextPiece.plain('a') };
const textEnd: ReplyEvent = { type: 'text-end' };
const toolStart: ReplyEvent = { type: 'tool-use-start', toolUseId: 't', name: 'look' };
const toolDelta = (json: string): ReplyEvent => ({ type: 'tool-use-delta', json: TextPiece.plain(json) });
const toolEnd: ReplyEvent = { type: 'tool-use-end' };
const redacted: ReplyEvent = { type: 'redacted-reasoning', data: 'eA==' };
const searchStart: ReplyEvent = { type: 'web-search-start', searchId: 's', query: 'q' };
const searchEnd = (searchId: string): ReplyEvent => ({
  type: 'web-search-end',
  searchId,
  query: 'q',
  outcome: { type: 'found', results: [] },
});

describe('checkGrammar', () => {
  it('accepts a complete reply', () => {
    const blocks = [textStart, textDelta, textEnd, redacted, searchStart, searchEnd('s'), toolStart, toolDelta('{}')];
    expect(checkGrammar([start, ...blocks, toolEnd, end])).toBeUndefined();
  });

  it.each<[string, ReplyEvent[]]>([
    ['a delta outside a block', [textDelta]],
    ['a delta of another kind than its block', [toolStart, textDelta, toolEnd]],
    ['an end of another kind than its block', [textStart, toolEnd]],
    ['an end without a start', [textEnd]],
    ['a block inside another', [textStart, toolStart, toolEnd, textEnd]],
    ['redacted reasoning inside a block', [textStart, redacted, textEnd]],
    ['an open block at the end', [textStart, textDelta]],
    ['a tool use whose input is not an object', [toolStart, toolDelta('[1]'), toolEnd]],
    ['the end of another search', [searchStart, searchEnd('other')]],
    ['a second start', [start]],
    ['a second end', [end]],
  ])('reports %s', (_name, events) => {
    expect(checkGrammar([start, ...events, end])).toBeDefined();
  });

  it('reports a reply without its start or its end', () => {
    expect(checkGrammar([textStart, textEnd, end])).toBeDefined();
    expect(checkGrammar([start, textStart, textEnd])).toBeDefined();
  });
});
