import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, tool, toolUse } from '../../../../test/support/conversations.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { toolOffer } from './tool-offer.ts';

const offer = (change: Partial<Conversation>, used: string[] = []) => {
  const passed = runPass(
    toolOffer,
    conversation([assistant(...used.map((name, index) => toolUse(`${index}`, name)))], change),
  );
  return {
    names: passed.conversation.tools.map(({ name }) => name),
    notes: notesOf(passed),
    tools: passed.conversation.tools,
  };
};

describe('the tools offered', () => {
  const tools = [tool('read'), tool('write')];

  it('are the declared ones', () => {
    expect(offer({ tools }, ['read'])).toEqual({ names: ['read', 'write'], notes: [], tools });
  });

  it('include a placeholder for each tool used only in history', () => {
    const { names, notes, tools: offered } = offer({ tools }, ['gone', 'read', 'gone']);
    expect(names).toEqual(['read', 'write', 'gone']);
    expect(notes).toEqual(['tool-placeholder use 0']);
    expect(offered[2]).toMatchObject({
      description: expect.stringContaining('Not available'),
      inputSchema: { type: 'object' },
    });
  });

  it('are only placeholders if the client forbids tools', () => {
    expect(offer({ tools, toolChoice: { type: 'none' } }).names).toEqual([]);
    expect(offer({ tools, toolChoice: { type: 'none' } }, ['read'])).toMatchObject({
      names: ['read'],
      notes: ['tool-placeholder use 0'],
    });
  });

  const options: { name: string; change: Partial<Conversation>; notes: string[] }[] = [
    { name: 'any tool', change: { toolChoice: { type: 'required' } }, notes: ['tool-choice-ignored tool_choice'] },
    {
      name: 'this tool',
      change: { toolChoice: { type: 'tool', name: 'read' } },
      notes: ['tool-choice-ignored tool_choice'],
    },
    {
      name: 'one tool at a time',
      change: { parallelToolUse: false },
      notes: ['parallel-tool-use-ignored parallel_tool_calls'],
    },
  ];
  it.each(options)('cannot be limited to $name, which is noted', ({ change, notes }) => {
    expect(offer({ tools, ...change })).toMatchObject({ names: ['read', 'write'], notes });
  });
});
