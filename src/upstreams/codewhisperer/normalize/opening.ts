/**
 * The wire has no field for the system text: it opens history as a pair of its own, which stays the same, byte for
 * byte, over all turns. Some hosts want history to begin with the user.
 */
import type { Conversation, Turn } from '../../../core/conversation.ts';
import { type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function opening(conversation: Conversation, { profile }: Scope): Passed {
  const { system, turns } = conversation;
  const spoken = system.filter((part) => part.text.trim() !== '');
  const startsWithAssistant = turns[0]?.role === 'assistant';
  const [first] = spoken;
  if (!first) {
    if (!startsWithAssistant || profile.accepts.historyFromAssistant) return { conversation, adjustments: [] };
    const blank: Turn = { at: turns[0]?.at ?? '', role: 'user', parts: [] };
    return {
      conversation: withTurns(conversation, [blank, ...turns]),
      adjustments: [note('opening-turn-added', blank.at)],
    };
  }
  const text = spoken.map((part) => part.text).join('\n\n');
  const cachePoint = spoken.some((part) => part.cachePoint);
  const instructions: Turn = {
    at: first.at,
    role: 'user',
    parts: [{ type: 'text', at: first.at, text, ...(cachePoint ? { cachePoint } : {}) }],
  };
  const acknowledgement: Turn = {
    at: first.at,
    role: 'assistant',
    parts: [{ type: 'text', at: first.at, text: profile.messages.acknowledgement }],
  };
  const pair = startsWithAssistant ? [instructions] : [instructions, acknowledgement];
  return { conversation: { ...conversation, system: [], turns: [...pair, ...turns] }, adjustments: [] };
}
