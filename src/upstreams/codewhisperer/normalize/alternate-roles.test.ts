import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, image, toolResult, toolUse, user } from '../../../../test/support/conversations.ts';
import { alternateRoles } from './alternate-roles.ts';

describe('the alternate-roles pass', () => {
  const shape = (input: ReturnType<typeof conversation>) =>
    input.turns.map((turn) => `${turn.role}: ${turn.parts.map((part) => part.type).join(' ')}`);

  const cases = [
    {
      name: 'a tool result in an assistant turn',
      turns: [assistant('a', toolUse('t'), toolResult('t'), 'b')],
      shape: ['assistant: text tool-use', 'user: tool-result', 'assistant: text'],
      notes: ['turn-split result t'],
    },
    {
      name: 'an image in an assistant turn',
      turns: [assistant('Here:', image())],
      shape: ['assistant: text', 'user: image'],
      notes: ['turn-split messages[0].content[1]'],
    },
    {
      name: 'a tool use in a user turn',
      turns: [user(toolUse('t'), 'and now?')],
      shape: ['assistant: tool-use', 'user: text'],
      notes: ['turn-split use t'],
    },
    {
      name: 'no foreign part',
      turns: [user('a', image()), assistant('b')],
      shape: ['user: text image', 'assistant: text'],
      notes: [],
    },
  ];
  it.each(cases)('splits a turn at $name', ({ turns, shape: expected, notes }) => {
    const passed = runPass(alternateRoles, conversation(turns));
    expect(shape(passed.conversation)).toEqual(expected);
    expect(notesOf(passed)).toEqual(notes);
  });
});
