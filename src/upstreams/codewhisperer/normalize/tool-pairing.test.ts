import { describe, expect, it } from 'vitest';
import { notesOf, runPass, scope } from '../../../../test/support/codewhisperer.ts';
import {
  assistant,
  conversation,
  image,
  text,
  toolResult,
  toolUse,
  user,
} from '../../../../test/support/conversations.ts';
import type { Part, Turn } from '../../../core/conversation.ts';
import { toolPairing } from './tool-pairing.ts';

const say = (part: Part): string => {
  switch (part.type) {
    case 'text':
      return `"${part.text}"`;
    case 'tool-use':
      return `use ${part.toolUseId}`;
    case 'tool-result':
      return `${part.isError ? 'failed' : 'result'} ${part.toolUseId}`;
    default:
      return part.type;
  }
};

describe('tool pairing', () => {
  const orphan = (id: string, words = 'done') =>
    `"[Result of the tool call ${id}, which is not part of the turn before]\n${words}"`;

  const cases: { name: string; turns: Turn[]; last: string[]; notes: string[] }[] = [
    {
      name: 'puts results first, in the order of the calls, and keeps the text last',
      turns: [assistant(toolUse('a'), toolUse('b')), user('so?', toolResult('b'), image(), toolResult('a'))],
      last: ['result a', 'result b', '"so?"', 'image'],
      notes: ['tool-result-reordered messages[2]'],
    },
    {
      name: 'answers a call without a result with an error',
      turns: [assistant(toolUse('a'), toolUse('b')), user(toolResult('b'))],
      last: ['failed a', 'result b'],
      notes: ['tool-use-unanswered use a'],
    },
    {
      name: 'turns a result without a call into text',
      turns: [assistant('hm'), user(toolResult('z'), 'go on')],
      last: [orphan('z'), '"go on"'],
      notes: ['tool-result-orphan result z'],
    },
    {
      name: 'turns a result that comes turns too late into text',
      turns: [assistant(toolUse('a')), user('wait'), assistant('ok'), user(toolResult('a', 'late'))],
      last: [orphan('a', 'late')],
      notes: ['tool-use-unanswered use a', 'tool-result-orphan result a'],
    },
    {
      name: 'joins several results of one call, as failed if one of them is',
      turns: [assistant(toolUse('a')), user(toolResult('a'), toolResult('a', 'again', true))],
      last: ['failed a'],
      notes: ['tool-results-joined result a'],
    },
    {
      name: 'gives a repeated id a new one, in call and result',
      turns: [
        assistant(toolUse('call_0')),
        user(toolResult('call_0')),
        assistant(toolUse('call_0'), toolUse('call_0')),
        user(toolResult('call_0', 'x'), toolResult('call_0', 'y')),
      ],
      last: ['result call_0_2', 'result call_0_3'],
      notes: ['tool-use-id-repeated use call_0', 'tool-use-id-repeated use call_0'],
    },
    {
      name: 'keeps a failed result failed',
      turns: [assistant(toolUse('a')), user(toolResult('a', 'no such file', true))],
      last: ['failed a'],
      notes: [],
    },
  ];
  it.each(cases)('$name', ({ turns, last, notes }) => {
    const passed = runPass(toolPairing, conversation([user('go'), ...turns]));
    expect(passed.conversation.turns.at(-1)?.parts.map(say)).toEqual(last);
    expect(notesOf(passed)).toEqual(notes);
  });

  it('keeps a new id within the maximum length', () => {
    const id = 'x'.repeat(64);
    const { conversation: after } = runPass(
      toolPairing,
      conversation([assistant(toolUse(id)), user(toolResult(id)), assistant(toolUse(id)), user(toolResult(id))]),
    );
    expect(after.turns[2]?.parts.map(say)).toEqual([`use ${'x'.repeat(62)}_2`]);
  });

  it('keeps the contents of all results of one call, in order, with or without text between them', () => {
    const { conversation: after } = runPass(
      toolPairing,
      conversation([
        assistant(toolUse('a'), toolUse('b')),
        user(toolResult('a', 'one'), 'hm', toolResult('b', 'other'), toolResult('a', [text('two'), image()])),
      ]),
    );
    expect(after.turns[1]?.parts).toMatchObject([
      { toolUseId: 'a', content: [{ text: 'one' }, { text: 'two' }, { type: 'image' }] },
      { toolUseId: 'b', content: [{ text: 'other' }] },
      { text: 'hm' },
    ]);
  });

  it('keeps the image of a result without a call beside its text', () => {
    const { conversation: after } = runPass(toolPairing, conversation([user(toolResult('z', [text('see'), image()]))]));
    expect(after.turns[0]?.parts).toMatchObject([
      { type: 'text', text: expect.stringContaining('see\n[Image of this result: attached to this message.]') },
      { type: 'image' },
    ]);
  });

  it('keeps the cache mark of a result on its text', () => {
    const marked = { ...toolResult('z', [text('found')]), cachePoint: true };
    const { conversation: after } = runPass(toolPairing, conversation([user(marked)]));
    expect(after.turns[0]?.parts).toMatchObject([{ type: 'text', cachePoint: true }]);
  });

  it('leaves a well-ordered history alone', () => {
    const input = conversation([user('a'), assistant(toolUse('t')), user(toolResult('t'), 'thanks')]);
    expect(toolPairing(input, scope()).conversation).toBe(input);
  });
});
