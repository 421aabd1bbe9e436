import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, toolUse } from '../../../../test/support/conversations.ts';
import type { Part } from '../../../core/conversation.ts';
import { reasoningSingle } from './reasoning-single.ts';

describe('reasoning in one message', () => {
  const block = (at: string): Part => ({ type: 'reasoning', at, text: at, signature: 'c2ln' });

  it('keeps the last of several blocks', () => {
    const passed = runPass(
      reasoningSingle,
      conversation([assistant(block('one'), 'text', block('two'), toolUse('t'))]),
    );
    expect(passed.conversation.turns[0]?.parts.map((part) => part.at)).toEqual([
      'messages[0].content[0]',
      'two',
      'use t',
    ]);
    expect(notesOf(passed)).toEqual(['reasoning-extra-dropped one']);
  });

  it('leaves a single block alone', () => {
    const input = conversation([assistant(block('one'), 'text')]);
    expect(runPass(reasoningSingle, input).conversation).toBe(input);
  });
});
