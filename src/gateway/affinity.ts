/** The conversation id sent upstream: the same over all turns of a conversation, different between clients. */
import { createHash } from 'node:crypto';
import type { Conversation } from '../core/conversation.ts';

/**
 * Shaped as a UUID (version 8, RFC 9562: made from a hash of our own choice). Depends on who asks and on the client's
 * own name of the conversation, or without one on how it begins; never on time, model or the turn's number.
 */
export function conversationIdOf(client: string, conversation: Conversation): string {
  return idOf([client, ...identity(conversation)]);
}

/** All inline completions of one client are one conversation: they stay with an account. */
export function inlineIdOf(client: string): string {
  return idOf([client, 'inline']);
}

function idOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    // The length keeps ["ab", "c"] and ["a", "bc"] apart.
    hash.update(`${part.length}:`).update(part);
  }
  const hex = hash.digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

function identity(conversation: Conversation): string[] {
  if (conversation.key !== undefined) return ['key', conversation.key];
  return ['begins', ...conversation.system.map((part) => part.text), firstUserText(conversation)];
}

function firstUserText(conversation: Conversation): string {
  const first = conversation.turns.find((turn) => turn.role === 'user');
  return (first?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
