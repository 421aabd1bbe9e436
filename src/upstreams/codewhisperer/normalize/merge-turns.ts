/** User and assistant must alternate, so adjacent turns of one role become one turn with every part of both. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Turn } from '../../../core/conversation.ts';
import { type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function mergeTurns(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const turns: Turn[] = [];
  for (const turn of conversation.turns) {
    const last = turns.at(-1);
    if (last?.role !== turn.role) {
      turns.push(turn);
      continue;
    }
    turns[turns.length - 1] = { ...last, parts: [...last.parts, ...turn.parts] };
    adjustments.push(note('turns-merged', turn.at, undefined, last.at));
  }
  return { conversation: adjustments.length === 0 ? conversation : withTurns(conversation, turns), adjustments };
}
