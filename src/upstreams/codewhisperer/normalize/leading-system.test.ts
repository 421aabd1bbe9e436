import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, user } from '../../../../test/support/conversations.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { wireProfile } from '../profiles.ts';
import { leadingSystem } from './leading-system.ts';

const wordsOf = ({ turns }: Conversation) =>
  turns.map(
    (turn) => `${turn.role}: ${turn.parts.map((part) => (part.type === 'text' ? part.text : part.type)).join('|')}`,
  );
const system = (...texts: string[]) =>
  texts.map((text, index) => ({ at: `system[${index}]`, text, cachePoint: index === 1 }));

describe('the leading-system pass', () => {
  const cases = [
    {
      name: 'writes the system text and an acknowledgement',
      input: conversation([user('hi')], { system: system('Be terse.', '', 'Be kind.') }),
      words: ['user: Be terse.\n\nBe kind.', 'assistant: Understood.', 'user: hi'],
      notes: [],
    },
    { name: 'adds nothing without system text', input: conversation([user('hi')]), words: ['user: hi'], notes: [] },
    {
      name: 'omits the acknowledgement if the assistant speaks first',
      input: conversation([assistant('Welcome!'), user('hi')], { system: system('Greet.') }),
      words: ['user: Greet.', 'assistant: Welcome!', 'user: hi'],
      notes: [],
    },
    {
      name: 'adds a blank user turn if the assistant speaks first without system text',
      input: conversation([assistant('Welcome!'), user('hi')]),
      words: ['user: ', 'assistant: Welcome!', 'user: hi'],
      notes: ['opening-turn-added messages[0]'],
    },
  ];
  it.each(cases)('$name', ({ input, words, notes }) => {
    const passed = runPass(leadingSystem, input);
    expect(wordsOf(passed.conversation)).toEqual(words);
    expect(notesOf(passed)).toEqual(notes);
  });

  it('adds nothing before the assistant where the service accepts that', () => {
    const input = conversation([assistant('Welcome!'), user('hi')]);
    expect(runPass(leadingSystem, input, { profile: wireProfile('kiro-runtime') }).conversation).toBe(input);
  });

  it('keeps the cache mark of the system text', () => {
    const { conversation: after } = runPass(leadingSystem, conversation([user('hi')], { system: system('A', 'B') }));
    expect(after.turns[0]?.parts).toMatchObject([{ cachePoint: true }]);
  });
});
