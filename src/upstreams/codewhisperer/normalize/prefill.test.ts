import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, toolUse, user } from '../../../../test/support/conversations.ts';
import { prefill } from './prefill.ts';

describe('a prefill', () => {
  it('stays in history, and the user asks to continue', () => {
    const passed = runPass(prefill, conversation([user('List'), assistant('1. apples')]));
    expect(passed.conversation.turns.at(-2)?.parts).toMatchObject([{ text: '1. apples' }]);
    expect(passed.conversation.turns.at(-1)).toMatchObject({
      role: 'user',
      parts: [{ text: expect.stringContaining('Continue') }],
    });
    expect(notesOf(passed)).toEqual(['prefill-continued messages[1]']);
  });

  it('of a tool call gets a turn for its results, without a request to continue', () => {
    const { conversation: after } = runPass(prefill, conversation([user('a'), assistant(toolUse('t'))]));
    expect(after.turns.at(-1)).toMatchObject({ role: 'user', parts: [] });
  });

  it('is not added if the user speaks last', () => {
    const input = conversation([user('a')]);
    expect(prefill(input)).toEqual({ conversation: input, adjustments: [] });
  });

  it('is refused for an empty conversation', () => {
    expect(() => prefill(conversation([]))).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages' }),
    );
  });
});
