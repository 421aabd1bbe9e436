/**
 * Derives the ids of a conversation for the service: the same in all its turns, different for each client. They depend on
 * the API key and on the client's own id of the conversation, or without one on the user's first turn. They never depend
 * on the time, the model, the number of turns or the system text, which some clients change from turn to turn.
 */
import { createHash, hash } from 'node:crypto';
import type { Conversation, Part, Turn } from '../core/conversation.ts';
import type { Steps } from '../core/steps.ts';
import { unreachable } from '../core/unreachable.ts';
import type { ConversationIds } from '../upstreams/upstream.ts';

/** Takes one step per mebibyte of long texts. */
export function* conversationIdsOf(client: string, conversation: Conversation): Steps<ConversationIds> {
  const { key, rootKey, turns } = conversation;
  let users = 0;
  let first: Turn | undefined;
  let latest: Turn | undefined;
  for (let index = 0; index < turns.length; index++) {
    const turn = turns[index] as Turn; // within its bounds
    if (!isFromUser(turn)) continue;
    users += 1;
    first ??= turn;
    latest = turn;
  }
  const begins = yield* signatureOf(key === undefined ? first : undefined);
  const continues = key === undefined && users === 1 ? begins : yield* signatureOf(latest);
  const conversationId = key === undefined ? idOf(pieces(client, 'begins') + begins) : idOf(pieces(client, 'key', key));
  return {
    conversationId,
    rootConversationId: rootKey === undefined ? conversationId : idOf(pieces(client, 'key', rootKey)),
    // From the user's latest turn and its position among the user's turns: the same in each tool round of that turn.
    continuationId: idOf(pieces(conversationId, 'continues', String(users)) + continues),
  };
}

/** All inline completions of a client count as one conversation, so that they stay with one account. */
export function inlineIdOf(client: string): string {
  return idOf(pieces(client, 'inline'));
}

/** Each with its length, which keeps "ab", "c" and "a", "bc" apart. */
function pieces(...texts: readonly string[]): string {
  let joined = '';
  for (const text of texts) joined += `${text.length}:${text}`;
  return joined;
}

/** A UUID of version 8 (RFC 9562: custom), made from a SHA-256 hash. */
function idOf(text: string): string {
  // One call takes a third of the time of a Hash object.
  const hex = hash('sha256', text, 'hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  // `join` makes one flat text. V8 leaves the fast path of JSON.stringify, which the id goes through, at one that consists of pieces.
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

/** A turn with tool results continues the earlier turn, even if the client has added text to the results. */
function isFromUser({ role, parts }: Turn): boolean {
  if (role !== 'user') return false;
  for (let index = 0; index < parts.length; index++) if (parts[index]?.type === 'tool-result') return false;
  return true;
}

/** The pieces of a turn. */
function* signatureOf(turn: Turn | undefined): Steps<string> {
  let joined = '';
  const parts = turn?.parts ?? NO_PARTS;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] as Part; // within its bounds
    const isText = part.type === 'text' || part.type === 'reasoning';
    let signature: string;
    if (!isText) signature = fileOrToolSignature(part);
    else if (part.text.length <= HASHED_CHARS) signature = part.text;
    else signature = yield* textSignature(part.text);
    joined += `${signature.length}:${signature}`;
  }
  return joined;
}

const NO_PARTS: readonly Part[] = [];

/** Enough to tell files apart: hashing megabytes in each turn would cost too much. */
const FILE_CHARS = 1_024;

function fileOrToolSignature(part: Exclude<Part, { type: 'text' | 'reasoning' }>): string {
  switch (part.type) {
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
