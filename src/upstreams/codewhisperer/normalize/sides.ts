/**
 * Results, images and documents can only be said by the user, tool uses and reasoning only by the assistant. A turn
 * which holds parts of the other side (tools run by another server, images made by a model) is split where they stand.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, Turn } from '../../../core/conversation.ts';
import { type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

const SIDE: Record<Part['type'], 'user' | 'assistant' | 'either'> = {
  text: 'either',
  image: 'user',
  document: 'user',
  'tool-result': 'user',
  'tool-use': 'assistant',
  reasoning: 'assistant',
  'redacted-reasoning': 'assistant',
};

export function sides(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const turns: Turn[] = [];
  for (const turn of conversation.turns) {
    const stranger = turn.parts.find((part) => sideOf(part, turn) !== turn.role);
    if (!stranger) {
      turns.push(turn);
      continue;
    }
    adjustments.push(note('turn-split', stranger.at, `${stranger.type} in a turn of the ${turn.role}`));
    turns.push(...split(turn));
  }
  return { conversation: adjustments.length === 0 ? conversation : withTurns(conversation, turns), adjustments };
}

function split(turn: Turn): Turn[] {
  const pieces: { at: string; role: Turn['role']; parts: Part[] }[] = [];
  for (const part of turn.parts) {
    const role = sideOf(part, turn);
    const last = pieces.at(-1);
    if (last?.role === role) last.parts.push(part);
    else pieces.push({ at: pieces.length === 0 ? turn.at : part.at, role, parts: [part] });
  }
  return pieces;
}

function sideOf(part: Part, turn: Turn): Turn['role'] {
  const side = SIDE[part.type];
  return side === 'either' ? turn.role : side;
}
