/**
 * The ids by which the service knows a conversation: the same over all its turns, different between clients. They depend
 * on the API key and on the client's own name for the conversation, or without one on the user's first turn; never on time,
 * model, the turn's number or the system text, which some clients change from turn to turn.
 */
import { createHash } from 'node:crypto';
import type { Conversation, Part, Turn } from '../core/conversation.ts';
import { unreachable } from '../core/unreachable.ts';
import type { ConversationIds } from '../upstreams/upstream.ts';

export function conversationIdsOf(client: string, conversation: Conversation): ConversationIds {
  const { key, rootKey } = conversation;
  const conversationId =
    key === undefined
      ? idOf([client, 'begins', ...signatureOf(conversation.turns.find(isUsers))])
      : idOf([client, 'key', key]);
  return {
    conversationId,
    rootConversationId: rootKey === undefined ? conversationId : idOf([client, 'key', rootKey]),
    continuationId: idOf([conversationId, 'continues', ...continuation(conversation.turns)]),
  };
}

/** All inline completions of one client are one conversation: they stay with an account. */
export function inlineIdOf(client: string): string {
  return idOf([client, 'inline']);
}

/** Shaped as a UUID (version 8, RFC 9562: made from a hash of our own choice). */
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

/** The user's latest turn and its place among the user's turns: the same in each tool round that answers it. */
function continuation(turns: readonly Turn[]): string[] {
  const users = turns.filter(isUsers);
  return [String(users.length), ...signatureOf(users.at(-1))];
}

/** A turn with tool results belongs to the round that began before; clients add reminders of their own to those. */
function isUsers({ role, parts }: Turn): boolean {
  return role === 'user' && !parts.some(({ type }) => type === 'tool-result');
}

function signatureOf(turn: Turn | undefined): string[] {
  return (turn?.parts ?? []).map(signature);
}

/** Enough of a file to tell it from others: hashing megabytes in each turn would cost more than it is worth. */
const FILE_CHARS = 1_024;

function signature(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return textSignature(part.text);
    case 'image':
      return fileSignature(part.data);
    case 'document':
      switch (part.source.type) {
        case 'text':
          return fileSignature(part.source.text);
        case 'base64':
          return fileSignature(part.source.data);
        case 'url':
          return part.source.url;
        default:
          return unreachable(part.source);
      }
    case 'redacted-reasoning':
      return fileSignature(part.data);
    case 'tool-use':
    case 'tool-result':
      return part.toolUseId;
    default:
      return unreachable(part);
  }
}

/** Longer texts are known by their length, beginning and end: hashing 64 MiB twice would stop everything else for 200 ms. */
const MAX_HASHED_CHARS = 1024 * 1024;
const EDGE_CHARS = 64 * 1024;

function textSignature(text: string): string {
  if (text.length <= MAX_HASHED_CHARS) return text;
  return `${text.length} ${text.slice(0, EDGE_CHARS)} ${text.slice(-EDGE_CHARS)}`;
}

function fileSignature(data: string): string {
  return `${data.length} ${data.slice(0, FILE_CHARS)}`;
}
