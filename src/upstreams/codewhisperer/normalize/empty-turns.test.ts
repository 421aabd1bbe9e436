import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, toolUse, user } from '../../../../test/support/conversations.ts';
import { emptyTurns } from './empty-turns.ts';

describe('empty turns', () => {
  const cases = [
    {
      name: 'drops an aborted reply',
      turns: [user('a'), assistant(''), user('b')],
      roles: ['user', 'user'],
      notes: ['empty-turn-dropped messages[1]'],
    },
    {
      name: 'drops a blank reply',
      turns: [user('a'), assistant(' \n')],
      roles: ['user'],
      notes: ['empty-turn-dropped messages[1]'],
    },
    {
      name: 'drops a reply without parts',
      turns: [user('a'), assistant()],
      roles: ['user'],
      notes: ['empty-turn-dropped messages[1]'],
    },
    {
      name: 'keeps a tool call without text',
      turns: [user('a'), assistant('', toolUse('t'))],
      roles: ['user', 'assistant'],
      notes: [],
    },
    { name: 'keeps an empty user turn', turns: [user(''), assistant('b')], roles: ['user', 'assistant'], notes: [] },
  ];
  it.each(cases)('$name', ({ turns, roles, notes }) => {
    const passed = runPass(emptyTurns, conversation(turns));
    expect(passed.conversation.turns.map((turn) => turn.role)).toEqual(roles);
    expect(notesOf(passed)).toEqual(notes);
  });

  it('drops only empty texts', () => {
    const { conversation: after } = runPass(emptyTurns, conversation([user('', 'kept', ' ')]));
    expect(after.turns[0]?.parts).toMatchObject([{ text: 'kept' }, { text: ' ' }]);
  });
});
