import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { conversation, image, systemTurn, text, user } from '../../../../test/support/conversations.ts';
import { systemTurns } from './system-turns.ts';

describe('system turns', () => {
  it('become user text in the wrapper that agents know', () => {
    const passed = runPass(systemTurns, conversation([user('hi'), systemTurn('Be brief.', 'In French.')]));
    expect(passed.conversation.turns[1]).toMatchObject({
      role: 'user',
      parts: [{ type: 'text', text: '<system-reminder>\nBe brief.\n\nIn French.\n</system-reminder>' }],
    });
    expect(notesOf(passed)).toEqual(['system-turn-as-user messages[1]']);
  });

  it('are not wrapped twice', () => {
    const wrapped = '<system-reminder>\nAlready.\n</system-reminder>';
    const { conversation: after } = runPass(systemTurns, conversation([systemTurn(wrapped)]));
    expect(after.turns[0]?.parts).toMatchObject([{ text: wrapped }]);
  });

  it('keep their other parts and their cache mark', () => {
    const input = conversation([systemTurn(image(), { ...text('Look.'), cachePoint: true })]);
    const { conversation: after } = runPass(systemTurns, input);
    expect(after.turns[0]?.parts).toMatchObject([{ type: 'image' }, { type: 'text', cachePoint: true }]);
  });

  it('are left out if empty', () => {
    const passed = runPass(systemTurns, conversation([user('hi'), systemTurn('')]));
    expect(passed.conversation.turns).toHaveLength(1);
    expect(notesOf(passed)).toEqual(['empty-turn-dropped messages[1]']);
  });
});
