import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { conversation, tool } from '../../../../test/support/conversations.ts';
import { toolDescriptions } from './tool-descriptions.ts';

const describeTool = (description: string) =>
  runPass(toolDescriptions, conversation([], { tools: [tool('f', { description })] }));

describe('tool descriptions', () => {
  it('are filled if empty', () => {
    const passed = describeTool(' ');
    expect(passed.conversation.tools[0]?.description).toBe('Tool: f');
    expect(notesOf(passed)).toEqual(['tool-description-filled tools.f']);
  });

  it('stay up to the limit', () => {
    expect(describeTool('x'.repeat(9_216)).adjustments).toEqual([]);
  });

  it('continue in the system text beyond the limit, without losing a character', () => {
    const long = Array.from({ length: 1_300 }, (_, index) => `line ${index} \u{1f600}`).join('\n');
    const passed = describeTool(long);
    const { description } = passed.conversation.tools[0] ?? { description: '' };
    expect(description.length).toBeLessThanOrEqual(9_216);
    expect(description.isWellFormed()).toBe(true);
    const [head = '', pointer] = description.split('\n[Continued');
    expect(pointer).toBe(' in the system instructions, under "Tool f".]');
    const moved = passed.conversation.system[0]?.text.replace('Tool f, continued description:\n', '');
    expect(head + moved).toBe(long);
    expect(notesOf(passed)).toEqual(['tool-description-moved tools.f']);
  });

  it('are cut between characters if there is no line break', () => {
    const { conversation: after } = describeTool('\u{1f600}'.repeat(10_000));
    expect(after.tools[0]?.description.isWellFormed()).toBe(true);
    expect(after.system[0]?.text.isWellFormed()).toBe(true);
  });
});
