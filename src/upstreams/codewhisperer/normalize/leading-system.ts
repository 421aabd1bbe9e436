/**
 * The wire has no field for the system text, so it leads the history as its own pair of messages, byte for byte the same
 * in every turn. Some hosts require history to begin with the user.
 */
import type { Conversation, Turn } from '../../../core/conversation.ts';
import { type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function leadingSystem(conversation: Conversation, { profile }: Scope): Passed {
  const { system, turns } = conversation;
  const nonBlank = system.filter((part) => part.text.trim() !== '');
  const startsWithAssistant = turns[0]?.role === 'assistant';
  const [first] = nonBlank;
  if (!first) {
    if (!startsWithAssistant || profile.accepts.historyFromAssistant) return { conversation, adjustments: [] };
    const blank: Turn = { at: turns[0]?.at ?? '', role: 'user', parts: [] };
    return {
      conversation: withTurns(conversation, [blank, ...turns]),
      adjustments: [note('opening-turn-added', blank.at)],
    };
  }
  const text = nonBlank.map((part) => part.text).join('\n\n');
  const cachePoint = nonBlank.some((part) => part.cachePoint);
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
