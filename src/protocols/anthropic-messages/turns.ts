/** Messages to turns, in order, without merging or repairing: the upstream's rules are the upstream's business. */
import type { Part, Turn } from '../../core/conversation.ts';
import { refuse } from '../shape.ts';
import { type Findings, readTurnContent } from './blocks.ts';
import type { MessagesRequest } from './wire.ts';
import * as wire from './wire.ts';

export function readTurns(messages: MessagesRequest['messages'], findings: Findings): Turn[] {
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  return messages.flatMap((message, i) => {
    const at = `messages[${i}]`;
    const { role, content } = message;
    findings.notes.addUnknown(message, KNOWN_KEYS, 'message', at);
    if (role === 'system' && message.clear_at === 'next_user_message' && i < lastUser) {
      findings.notes.add('system-message-cleared', at, 'clear_at next_user_message');
      return [];
    }
    if (role !== 'system' && content === undefined) throw refuse(`${at}.content`, 'a required field is missing.');
    const parts = readTurnContent(content, role, `${at}.content`, findings);
    // A system message which only changes tools or effort says nothing to the model.
    return role === 'system' && parts.length === 0 ? [] : [{ at, role, parts }];
  });
}

const KNOWN_KEYS = new Set(Object.keys(wire.messageShape.shape));

/** The request's own `cache_control` marks the last block which can be cached. */
export function markLastBlock(turns: readonly Turn[]): Turn[] {
  const turnIndex = turns.findLastIndex(({ parts }) => parts.some(isCacheable));
  return turns.map((turn, i) => {
    if (i !== turnIndex) return turn;
    const partIndex = turn.parts.findLastIndex(isCacheable);
    return { ...turn, parts: turn.parts.map((part, j) => (j === partIndex ? { ...part, cachePoint: true } : part)) };
  });
}

function isCacheable(part: Part): boolean {
  return part.type !== 'reasoning' && part.type !== 'redacted-reasoning';
}
