import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { conversation, text, tool, toolResult, toolUse, user } from '../../../../test/support/conversations.ts';
import type { Part } from '../../../core/conversation.ts';
import { wellFormedText } from './well-formed-text.ts';

const BROKEN = 'a\ud83db';
const REPAIRED = 'a\ufffdb';

describe('well-formed text', () => {
  const at = 'x';
  const cases: { name: string; part: Part; repaired: Part }[] = [
    { name: 'text', part: text(BROKEN, at), repaired: text(REPAIRED, at) },
    {
      name: 'reasoning',
      part: { type: 'reasoning', at, text: BROKEN },
      repaired: { type: 'reasoning', at, text: REPAIRED },
    },
    {
      name: 'a tool result',
      part: toolResult('t', [text(BROKEN, at)], false, at),
      repaired: toolResult('t', [text(REPAIRED, at)], false, at),
    },
    {
      name: 'tool arguments, keys and values, however deep',
      part: toolUse('t', 'f', { [BROKEN]: [{ deep: BROKEN }, 1] }, at),
      repaired: toolUse('t', 'f', { [REPAIRED]: [{ deep: REPAIRED }, 1] }, at),
    },
    {
      name: 'a document and its name',
      part: { type: 'document', at, name: BROKEN, mediaType: 'text/plain', source: { type: 'text', text: BROKEN } },
      repaired: {
        type: 'document',
        at,
        name: REPAIRED,
        mediaType: 'text/plain',
        source: { type: 'text', text: REPAIRED },
      },
    },
  ];
  it.each(cases)('replaces unpaired surrogates in $name', ({ part, repaired }) => {
    const passed = runPass(wellFormedText, conversation([user(part)]));
    expect(passed.conversation.turns[0]?.parts).toEqual([repaired]);
    expect(notesOf(passed)).toEqual(['lone-surrogate-replaced x']);
  });

  it('replaces them in system text and tool declarations', () => {
    const passed = runPass(
      wellFormedText,
      conversation([], {
        system: [{ at: 'system', text: BROKEN, cachePoint: false }],
        tools: [tool('f', { description: BROKEN, inputSchema: { type: 'object', title: BROKEN } })],
      }),
    );
    expect(passed.conversation.system[0]?.text).toBe(REPAIRED);
    expect(passed.conversation.tools[0]).toMatchObject({ description: REPAIRED, inputSchema: { title: REPAIRED } });
    expect(notesOf(passed)).toEqual(['lone-surrogate-replaced system', 'lone-surrogate-replaced tools.f']);
  });

  it('leaves paired surrogates alone', () => {
    const input = conversation([user('\u{1f600} 读取', toolUse('t', 'f', { a: '\u{1f600}' }))]);
    expect(wellFormedText(input)).toEqual({ conversation: input, adjustments: [] });
  });
});
