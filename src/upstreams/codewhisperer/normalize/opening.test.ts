import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, user } from '../../../../test/support/conversations.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { wireProfile } from '../profiles.ts';
import { opening } from './opening.ts';

const wordsOf = ({ turns }: Conversation) =>
  turns.map(
    (turn) => `${turn.role}: ${turn.parts.map((part) => (part.type === 'text' ? part.text : part.type)).join('|')}`,
  );
const system = (...texts: string[]) =>
  texts.map((text, index) => ({ at: `system[${index}]`, text, cachePoint: index === 1 }));

describe('the opening', () => {
  const cases = [
    {
      name: 'is the system text and an acknowledgement',
      said: conversation([user('hi')], { system: system('Be terse.', '', 'Be kind.') }),
      words: ['user: Be terse.\n\nBe kind.', 'assistant: Understood.', 'user: hi'],
      notes: [],
    },
    { name: 'is nothing without system text', said: conversation([user('hi')]), words: ['user: hi'], notes: [] },
    {
      name: 'needs no acknowledgement when the assistant speaks first',
      said: conversation([assistant('Welcome!'), user('hi')], { system: system('Greet.') }),
      words: ['user: Greet.', 'assistant: Welcome!', 'user: hi'],
      notes: [],
    },
    {
      name: 'is a blank user turn when the assistant speaks first without system text',
      said: conversation([assistant('Welcome!'), user('hi')]),
      words: ['user: ', 'assistant: Welcome!', 'user: hi'],
      notes: ['opening-turn-added messages[0]'],
    },
  ];
  it.each(cases)('$name', ({ said, words, notes }) => {
    const passed = runPass(opening, said);
    expect(wordsOf(passed.conversation)).toEqual(words);
    expect(notesOf(passed)).toEqual(notes);
  });

  it('adds nothing before the assistant where the service accepts that', () => {
    const said = conversation([assistant('Welcome!'), user('hi')]);
    expect(runPass(opening, said, { profile: wireProfile('kiro-runtime') }).conversation).toBe(said);
  });

  it('carries the cache mark of the system text', () => {
    const { conversation: after } = runPass(opening, conversation([user('hi')], { system: system('A', 'B') }));
    expect(after.turns[0]?.parts).toMatchObject([{ cachePoint: true }]);
  });
});
