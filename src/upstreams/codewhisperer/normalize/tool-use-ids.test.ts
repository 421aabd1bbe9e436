import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, toolResult, toolUse, user } from '../../../../test/support/conversations.ts';
import { toolUseIds } from './tool-use-ids.ts';

describe('tool use ids', () => {
  const idsOf = (id: string) => {
    const passed = runPass(toolUseIds, conversation([assistant(toolUse(id)), user(toolResult(id))]));
    const ids = passed.conversation.turns.flatMap((turn) =>
      turn.parts.flatMap((part) => ('toolUseId' in part ? part.toolUseId : [])),
    );
    return { ids, notes: notesOf(passed) };
  };

  it.each(['toolu_01AbC', 'call-9', 'x'.repeat(64)])('stay if the service accepts them: %s', (id) => {
    expect(idsOf(id)).toEqual({ ids: [id, id], notes: [] });
  });

  it.each(['functions.read:0', 'x'.repeat(65), '', '调用', 'a b'])(
    'get one alias for use and result if the service refuses them: %s',
    (id) => {
      const { ids, notes } = idsOf(id);
      expect(ids[0]).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
      expect(ids[1]).toBe(ids[0]);
      expect(notes).toHaveLength(2);
      expect(idsOf(id).ids).toEqual(ids);
    },
  );

  it('stay different', () => {
    expect(idsOf('a.b').ids[0]).not.toBe(idsOf('a:b').ids[0]);
    expect(idsOf(`${'x'.repeat(70)}1`).ids[0]).not.toBe(idsOf(`${'x'.repeat(70)}2`).ids[0]);
  });
});
