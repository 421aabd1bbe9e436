/**
 * The client's own name of its conversation: Claude Code's session header, or the session id in `metadata.user_id`
 * (JSON since 2026, `user_…_session_<uuid>` before). A subagent has a conversation of its own within the session.
 */
import { isJsonObject } from '../../core/json.ts';
import type { RequestContext } from '../protocol.ts';

export function conversationKey(userId: string | null | undefined, context: RequestContext): string | undefined {
  const session = context.header('x-claude-code-session-id') || (userId ? sessionOf(userId) : undefined);
  if (!session) return undefined;
  const agent = context.header('x-claude-code-agent-id');
  return agent ? `${session}/${agent}` : session;
}

function sessionOf(userId: string): string | undefined {
  if (!userId.startsWith('{')) return /session_([0-9a-f-]{36})/i.exec(userId)?.[1];
  try {
    const value: unknown = JSON.parse(userId);
    return isJsonObject(value) && typeof value.session_id === 'string' ? value.session_id : undefined;
  } catch {
    return undefined; // a user id which happens to begin with a brace
  }
}
