/** User and assistant must alternate, so adjacent turns of one role become one turn with every part of both. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, Turn } from '../../../core/conversation.ts';
import { type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function mergeTurns(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const turns: Turn[] = [];
  /** Of the last turn, if it was merged: thousands of turns may become one. */
  let merged: Part[] | undefined;
  for (const turn of conversation.turns) {
    const last = turns.at(-1);
    if (last?.role !== turn.role) {
      turns.push(turn);
      merged = undefined;
      continue;
    }
    if (!merged) {
      merged = [...last.parts];
      turns[turns.length - 1] = { ...last, parts: merged };
    }
    for (const part of turn.parts) merged.push(part);
    adjustments.push(note('turns-merged', turn.at, undefined, last.at));
  }
  return { conversation: adjustments.length === 0 ? conversation : withTurns(conversation, turns), adjustments };
}
