import { describe, expect, it } from 'vitest';
import { runAtOnce } from '../core/steps.ts';
import { parseRequest as parseMessages } from './anthropic-messages/parse.ts';
import { conversationKeys } from './conversation-key.ts';
import { parseRequest as parseChat } from './openai-chat/parse.ts';
import { parseRequest as parseCompletions } from './openai-completions/parse.ts';
import { parseRequest as parseResponses } from './openai-responses/parse.ts';
import type { RequestContext } from './protocol.ts';

const context = (headers: Record<string, string> = {}): RequestContext => ({
  header: (name) => headers[name],
  nowMs: 0,
});
const UUID = '0b0e4c5e-1111-4000-8000-000000000001';

interface Case {
  readonly name: string;
  readonly headers?: Record<string, string>;
  readonly fields?: object;
  readonly key: string | undefined;
  readonly rootKey?: string;
}

const CASES: readonly Case[] = [
  { name: 'nothing', key: undefined },
  { name: 'a mere user', fields: { user: 'alice', metadata: { user_id: 'bob' } }, key: undefined },
  { name: 'an id of the request alone', headers: { 'x-client-request-id': 'r' }, key: undefined },
  { name: 'a cache key', fields: { prompt_cache_key: 'p' }, key: 'p' },
  { name: 'empty names', headers: { 'x-session-id': ' ' }, fields: { prompt_cache_key: '' }, key: undefined },
  { name: "Claude Code's session", headers: { 'x-claude-code-session-id': 's' }, key: 's' },
  {
    name: "Claude Code's sub-agent",
    headers: { 'x-claude-code-session-id': 's', 'x-claude-code-agent-id': 'a' },
    key: 's/a',
    rootKey: 's',
  },
  { name: "Claude Code's user id", fields: { metadata: { user_id: JSON.stringify({ session_id: 's' }) } }, key: 's' },
  { name: 'its older form', fields: { metadata: { user_id: `user_1_account__session_${UUID}` } }, key: UUID },
  { name: 'the same passed on as the user', fields: { user: `user_1_account__session_${UUID}` }, key: UUID },
  { name: "opencode's session", headers: { 'x-session-affinity': 'a', 'x-session-id': 'b' }, key: 'a' },
  { name: 'a session before a cache key', headers: { session_id: 'd' }, fields: { prompt_cache_key: 'p' }, key: 'd' },
  { name: 'a conversation', headers: { conversation_id: 'c' }, key: 'c' },
  {
    name: "Codex's thread",
    headers: { 'thread-id': 't', 'session-id': 't' },
    fields: { prompt_cache_key: 't' },
    key: 't',
  },
  {
    name: "Codex's sub-agent by its cache key",
    headers: { 'thread-id': 't2' },
    fields: { prompt_cache_key: 't' },
    key: 't2',
    rootKey: 't',
  },
  {
    name: "Codex's sub-agent by its parent",
    headers: { 'thread-id': 't2', 'session-id': 't2', 'x-codex-parent-thread-id': 't' },
    fields: { prompt_cache_key: 't2' },
    key: 't2',
    rootKey: 't',
  },
];

describe('the key of a conversation', () => {
  it.each(CASES)('is read from $name', ({ headers, fields, key, rootKey }) => {
    expect(conversationKeys({ ...fields }, context(headers))).toEqual({ key, rootKey });
  });

  it.each(CASES)('is the same for every API: $name', ({ headers, fields, key, rootKey }) => {
    const messages = [{ role: 'user', content: 'hi' }];
    const asked = context(headers);
    const parsed = [
      parseChat({ model: 'm', messages, ...fields }, asked),
      parseResponses({ model: 'm', input: 'hi', ...fields }, asked),
      parseMessages({ model: 'm', max_tokens: 9, messages, ...fields }, asked),
      parseCompletions({ model: 'm', prompt: 'hi', ...fields }, asked),
    ];
    for (const request of parsed.map((steps) => runAtOnce<object>(steps)))
      expect(request).toMatchObject({ conversation: { key, rootKey } });
  });

  it('is undefined for a body that is not an object', () => {
    for (const body of [null, 'x', [1]]) expect(conversationKeys(body, context()).key).toBeUndefined();
  });
});
