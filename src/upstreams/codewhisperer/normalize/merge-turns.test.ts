import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, image, toolResult, toolUse, user } from '../../../../test/support/conversations.ts';
import { mergeTurns } from './merge-turns.ts';

describe('the merge-turns pass', () => {
  it('keeps all parts and results of every turn', () => {
    const passed = runPass(
      mergeTurns,
      conversation([
        assistant('a', toolUse('t1')),
        assistant(toolUse('t2')),
        user(toolResult('t1'), image()),
        user(toolResult('t2')),
        user('and this'),
      ]),
    );
    expect(passed.conversation.turns.map((turn) => turn.parts.map((part) => part.type))).toEqual([
      ['text', 'tool-use', 'tool-use'],
      ['tool-result', 'image', 'tool-result', 'text'],
    ]);
    expect(passed.conversation.turns.map((turn) => turn.at)).toEqual(['messages[0]', 'messages[2]']);
    expect(notesOf(passed)).toEqual([
      'turns-merged messages[1]',
      'turns-merged messages[3]',
      'turns-merged messages[4]',
    ]);
  });

  it('copies the parts of a turn once, however many turns follow it', () => {
    const first = assistant('a');
    let reads = 0;
    const parts = new Proxy(first.parts, {
      get(target, key, receiver) {
        if (key === '0') reads += 1;
        return Reflect.get(target, key, receiver);
      },
    });
    const turns = [{ ...first, parts }, ...Array.from({ length: 100 }, () => assistant('b'))];
    const before = turns[0];
    const { conversation: after } = runPass(mergeTurns, conversation(turns));
    expect(after.turns[0]?.parts).toHaveLength(101);
    expect(before?.parts).toHaveLength(1);
    expect(reads).toBe(1);
  });

  it('leaves alternating turns alone', () => {
    const input = conversation([user('a'), assistant('b'), user('c')]);
    expect(mergeTurns(input).conversation).toBe(input);
  });
});
