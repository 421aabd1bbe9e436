import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import {
  assistant,
  conversation,
  documentOf,
  image,
  toolResult,
  toolUse,
  user,
} from '../../../../test/support/conversations.ts';
import { attachments } from './attachments.ts';

describe('attachments', () => {
  const images = (count: number) =>
    Array.from({ length: count }, (_, index) => image(undefined, undefined, `image ${index}`));

  it('beyond the limit go to turns of their own, results first and words last', () => {
    const said = conversation([
      user('a'),
      assistant(toolUse('t')),
      user(toolResult('t'), ...images(23), 'What are these?'),
    ]);
    const passed = runPass(attachments, said);
    const shape = passed.conversation.turns.slice(2).map((turn) => {
      const count = (type: string) => turn.parts.filter((part) => part.type === type).length;
      return [turn.role, count('tool-result'), count('image'), turn.parts.at(-1)?.type];
    });
    expect(shape).toEqual([
      ['user', 1, 10, 'text'],
      ['assistant', 0, 0, 'text'],
      ['user', 0, 10, 'text'],
      ['assistant', 0, 0, 'text'],
      ['user', 0, 3, 'text'],
    ]);
    expect(passed.conversation.turns.at(-1)?.parts.at(-1)).toMatchObject({ text: 'What are these?' });
    expect(notesOf(passed)).toEqual(['attachments-spread messages[2]']);
  });

  it('are documents too', () => {
    const documents = Array.from({ length: 6 }, (_, index) => documentOf(`d${index}`, 'application/pdf', 'x'));
    const { conversation: after } = runPass(attachments, conversation([user(...documents)]));
    expect(after.turns.map((turn) => turn.parts.filter((part) => part.type === 'document').length)).toEqual([5, 0, 1]);
  });

  it('up to the limit stay together', () => {
    const said = conversation([user(...images(10))]);
    expect(runPass(attachments, said).conversation).toBe(said);
  });
});
