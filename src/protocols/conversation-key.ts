/**
 * The client's id of its conversation, read alike in every API from the headers and fields that agents use for their
 * session, with the ids that distinguish a sub-agent from its parent session.
 * Sources: recorded requests of Claude Code, Codex, opencode and Qwen Code in the clients' tests.
 */
import { isJsonObject, parseJsonObject } from '../core/json.ts';
import type { RequestContext } from './protocol.ts';

export interface ConversationKeys {
  readonly key: string | undefined;
  /** The key of the conversation that started this one as a sub-agent. */
  readonly rootKey: string | undefined;
}

/** `body`: the request body as sent. */
export function conversationKeys(body: unknown, { header }: RequestContext): ConversationKeys {
  const members = isJsonObject(body) ? body : {};
  const metadata = isJsonObject(members.metadata) ? members.metadata : {};
  const cacheKey = textOf(members.prompt_cache_key);
  const first = (names: readonly string[]): string | undefined => {
    for (const name of names) {
      const value = textOf(header(name));
      if (value !== undefined) return value;
    }
    return undefined;
  };

  // Codex sends the thread of a sub-agent in addition to the shared session.
  const thread = first(['thread-id']);
  if (thread !== undefined) {
    const shared = [first(['session-id', 'session_id']), cacheKey, first(['x-codex-parent-thread-id'])];
    return { key: thread, rootKey: shared.find((key) => key !== undefined && key !== thread) };
  }
  const session =
    first(SESSION_HEADERS) ?? cacheKey ?? sessionIn(textOf(metadata.user_id)) ?? sessionIn(textOf(members.user));
  const agent = first(['x-claude-code-agent-id']);
  if (session === undefined || agent === undefined) return { key: session, rootKey: undefined };
  return { key: `${session}/${agent}`, rootKey: session };
}

/**
 * Most specific first. Not included: `x-client-request-id` changes with each request, and one `user` has many
 * conversations.
 */
const SESSION_HEADERS = [
  'x-claude-code-session-id',
  'x-session-affinity',
  'x-session-id',
  'session-id',
  'session_id',
  'x-conversation-id',
  'conversation-id',
  'conversation_id',
];

/** Claude Code's session within a user id: JSON since 2026, `user_…_session_<uuid>` before. */
function sessionIn(userId: string | undefined): string | undefined {
  if (userId === undefined) return undefined;
  if (!userId.startsWith('{')) return /session_([0-9a-f-]{36})/i.exec(userId)?.[1];
  // Undefined also for a user id that merely begins with a brace.
  return textOf(parseJsonObject(userId)?.session_id);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
