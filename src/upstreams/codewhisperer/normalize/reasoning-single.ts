/** An assistant message may have one reasoning block: of several (merged or interleaved turns) the last is kept. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part } from '../../../core/conversation.ts';
import { mapShared, type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function reasoningSingle(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const turns = mapShared(conversation.turns, (turn) => {
    const blocks = turn.parts.filter(isReasoning);
    const extra = new Set(blocks.slice(0, -1));
    if (extra.size === 0) return turn;
    for (const part of extra) adjustments.push(note('reasoning-extra-dropped', part.at));
    return { ...turn, parts: turn.parts.filter((part) => !extra.has(part)) };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

function isReasoning(part: Part): boolean {
  return part.type === 'reasoning' || part.type === 'redacted-reasoning';
}
