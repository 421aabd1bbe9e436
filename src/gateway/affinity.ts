/**
 * Derives the ids of a conversation for the service: the same in all its turns, different for each client. They depend on
 * the API key and on the client's own id of the conversation, or without one on the user's first turn. They never depend
 * on the time, the model, the number of turns or the system text, which some clients change from turn to turn.
 */
import { createHash, type Hash, hash } from 'node:crypto';
import type { Conversation, Part, Turn } from '../core/conversation.ts';
import type { Steps } from '../core/steps.ts';
import { unreachable } from '../core/unreachable.ts';
import type { ConversationIds } from '../upstreams/upstream.ts';

/** Takes one step per part, and per mebibyte of long texts. */
export function* conversationIdsOf(client: string, conversation: Conversation): Steps<ConversationIds> {
  const { key, rootKey } = conversation;
  const users = conversation.turns.filter(isFromUser);
  const first = yield* signatureOf(key === undefined ? users[0] : undefined);
  const latest = key === undefined && users.length === 1 ? first : yield* signatureOf(users.at(-1));
  const conversationId = key === undefined ? idOf([client, 'begins', ...first]) : idOf([client, 'key', key]);
  return {
    conversationId,
    rootConversationId: rootKey === undefined ? conversationId : idOf([client, 'key', rootKey]),
    // From the user's latest turn and its position among the user's turns: the same in each tool round of that turn.
    continuationId: idOf([conversationId, 'continues', String(users.length), ...latest]),
  };
}

/** All inline completions of a client count as one conversation, so that they stay with one account. */
export function inlineIdOf(client: string): string {
  return idOf([client, 'inline']);
}

const BATCH_CHARS = 64 * 1024;

/** A UUID of version 8 (RFC 9562: custom), made from a SHA-256 hash. */
function idOf(parts: readonly string[]): string {
  const hex = hashOf(parts);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const [version, clock] = [`8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}-${clock}-${hex.slice(20, 32)}`;
}

/** In hex. */
function hashOf(parts: readonly string[]): string {
  let batches: Hash | undefined;
  let batch = '';
  for (const part of parts) {
    // The length keeps ["ab", "c"] and ["a", "bc"] apart.
    batch += `${part.length}:${part}`;
    // Hashing in batches: 40,000 calls of `update` take 30 ms.
    if (batch.length < BATCH_CHARS) continue;
    batches ??= createHash('sha256');
    batches.update(batch);
    batch = '';
  }
  // One call for a short text takes a third of the time of a Hash object.
  return batches ? batches.update(batch).digest('hex') : hash('sha256', batch, 'hex');
}

/** A turn with tool results continues the earlier turn, even if the client has added text to the results. */
function isFromUser({ role, parts }: Turn): boolean {
  return role === 'user' && !parts.some(({ type }) => type === 'tool-result');
}

function* signatureOf(turn: Turn | undefined): Steps<string[]> {
  const signatures: string[] = [];
  for (const part of turn?.parts ?? []) {
    signatures.push(yield* signature(part));
    yield;
  }
  return signatures;
}

/** Enough to tell files apart: hashing megabytes in each turn would cost too much. */
const FILE_CHARS = 1_024;

function* signature(part: Part): Steps<string> {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return yield* textSignature(part.text);
    case 'image':
      return fileSignature(part.attachment.base64);
    case 'document':
      switch (part.source.type) {
        case 'text':
          return fileSignature(part.source.text);
        case 'attachment':
          return fileSignature(part.source.attachment.base64);
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

/** Takes about two milliseconds to hash. */
const HASHED_CHARS = 1024 * 1024;

/** Replaces long texts with their hash, computed in steps: hashing 64 MiB at once would block the event loop for 100 ms. */
function* textSignature(text: string): Steps<string> {
  if (text.length <= HASHED_CHARS) return text;
  const hash = createHash('sha256');
  for (let at = 0; at < text.length; at += HASHED_CHARS) {
    hash.update(text.slice(at, at + HASHED_CHARS));
    yield;
  }
  return `${text.length} ${hash.digest('hex')}`;
}

function fileSignature(data: string): string {
  return `${data.length} ${data.slice(0, FILE_CHARS)}`;
}
