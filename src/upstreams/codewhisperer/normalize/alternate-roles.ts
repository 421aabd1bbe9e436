/**
 * Only the user can send results, images and documents; only the assistant tool uses and reasoning. A turn with parts of
 * the other role (tools run by another server, images made by a model) is split at those parts.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, Turn } from '../../../core/conversation.ts';
import { type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

const ROLES: Record<Part['type'], 'user' | 'assistant' | 'either'> = {
  text: 'either',
  image: 'user',
  document: 'user',
  'tool-result': 'user',
  'tool-use': 'assistant',
  reasoning: 'assistant',
  'redacted-reasoning': 'assistant',
};

export function alternateRoles(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const turns: Turn[] = [];
  for (const turn of conversation.turns) {
    const foreignPart = turn.parts.find((part) => roleOf(part, turn) !== turn.role);
    if (!foreignPart) {
      turns.push(turn);
      continue;
    }
    adjustments.push(note('turn-split', foreignPart.at, `${foreignPart.type} in a turn of the ${turn.role}`));
    turns.push(...split(turn));
  }
  return { conversation: adjustments.length === 0 ? conversation : withTurns(conversation, turns), adjustments };
}

function split(turn: Turn): Turn[] {
  const pieces: { at: string; role: Turn['role']; parts: Part[] }[] = [];
  for (const part of turn.parts) {
    const role = roleOf(part, turn);
    const last = pieces.at(-1);
    if (last?.role === role) last.parts.push(part);
    else pieces.push({ at: pieces.length === 0 ? turn.at : part.at, role, parts: [part] });
  }
  return pieces;
}

function roleOf(part: Part, turn: Turn): Turn['role'] {
  const role = ROLES[part.type];
  return role === 'either' ? turn.role : role;
}
