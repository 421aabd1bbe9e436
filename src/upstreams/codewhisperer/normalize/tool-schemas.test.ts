import { describe, expect, it } from 'vitest';
import { runPass } from '../../../../test/support/codewhisperer.ts';
import { conversation, tool } from '../../../../test/support/conversations.ts';
import { toolSchemas } from './tool-schemas.ts';

describe('tool schemas', () => {
  it('are fixed, with one note per rule and tool', () => {
    const inputSchema = { $schema: 'x', properties: { a: { type: 'string', $comment: 'y' } } };
    const passed = runPass(toolSchemas, conversation([], { tools: [tool('f', { inputSchema })] }));
    expect(passed.conversation.tools[0]?.inputSchema).toEqual({
      type: 'object',
      properties: { a: { type: 'string' } },
    });
    expect(passed.adjustments).toEqual([
      { rule: 'tool-schema-keyword-removed', path: 'tools.f', before: '$schema, $comment' },
      { rule: 'tool-schema-root-object', path: 'tools.f', before: 'type' },
    ]);
  });

  it('are left alone if acceptable', () => {
    const input = conversation([], { tools: [tool('f')] });
    expect(runPass(toolSchemas, input).conversation).toBe(input);
  });
});
