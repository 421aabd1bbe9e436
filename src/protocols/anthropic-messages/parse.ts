/** Turns a Messages request into a conversation. Fields: fields.ts; their content: reading/. */
import type { Conversation, Part, Turn } from '../../core/conversation.ts';
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import { reasoningOfName } from '../../core/model-name.ts';
import type { Steps } from '../../core/steps.ts';
import { conversationKeys } from '../conversation-key.ts';
import { Notes } from '../notes.ts';
import type { ParsedRequest, RequestContext } from '../protocol.ts';
import { type Entries, noteEntries, readEntries } from '../reading/entries.ts';
import { noteFields, refuseOptions } from '../reading/fields.ts';
import { kindOfFields, plainFields } from '../reading/plain-fields.ts';
import { Reading } from '../reading/reading.ts';
import { readRequest } from '../reading/request.ts';
import { check, refuse, refuseUnsupported } from '../shape.ts';
import { threadsUnsupported } from './errors.ts';
import { FIELD_SUPPORT } from './fields.ts';
import type { MessagesRequest } from './wire.ts';
import * as wire from './wire.ts';

/** What of the request the writer needs. */
export interface Echo {
  /** As the client sent it; replies repeat it. */
  readonly model: string;
  /** How the client receives the model's reasoning: not at all, with its text, or as blocks without text. */
  readonly thinking: 'hidden' | 'shown' | 'omitted';
}

const PLAIN_FIELDS = plainFields(wire.requestShape, FIELD_SUPPORT, wire.PLAIN_VALUES);

/** Throws GatewayError, blame `client`. */
export function* parseRequest(body: unknown, context: RequestContext): Steps<ParsedRequest<Echo>> {
  const fields = kindOfFields(body, PLAIN_FIELDS);
  const request = fields === 'unknown' ? check(wire.requestShape, body, '') : (body as MessagesRequest); // as checked
  const { max_tokens, max_completion_tokens, max_output_tokens } = request;
  if ((max_tokens ?? max_completion_tokens ?? max_output_tokens ?? undefined) === undefined)
    throw refuse('max_tokens', 'a required field is missing.');
  return yield* read(request, fields === 'plain', context);
}

/** The body of `/v1/messages/count_tokens`: the same without `max_tokens`. Never streamed. */
export function* parseCountTokens(body: unknown, context: RequestContext): Steps<ParsedRequest<Echo>> {
  return { ...(yield* read(check(wire.requestShape, body, ''), false, context)), stream: false };
}

/** `isPlain`: there is no field to refuse or note. */
function* read(request: MessagesRequest, isPlain: boolean, context: RequestContext): Steps<ParsedRequest<Echo>> {
  if (!isPlain) {
    refuseUnrunnable(request);
    refuseOptions(request, FIELD_SUPPORT);
  }
  const notes = new Notes();
  const reading = new Reading('anthropic', notes);
  const entries = readEntries(request, reading.api);
  if (entries.entries.length === 0)
    throw refuse('messages', request.messages ? 'must not be empty.' : 'a required field is missing.');
  noteEntries(request, entries, reading);
  if (!isPlain) noteFields(request, FIELD_SUPPORT, notes);
  const { conversation } = yield* readRequest(withEffortOfMessages(request, entries), entries, reading);
  const complete: Conversation = {
    model: request.model,
    ...conversation,
    turns: request.cache_control ? markLastBlock(conversation.turns) : conversation.turns,
    ...conversationKeys(request, context),
  };
  return {
    conversation: complete,
    stream: request.stream ?? false,
    adjustments: notes.adjustments,
    createdAtS: Math.floor(context.nowMs / 1000),
    echo: { model: request.model, thinking: readDisplay(request) },
  };
}

function refuseUnrunnable({ thread, container, mcp_servers: mcpServers }: MessagesRequest): void {
  if (thread !== undefined && thread !== null) throw threadsUnsupported();
  for (const [field, value] of Object.entries({ container, mcp_servers: mcpServers })) {
    const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) throw refuseUnsupported(field, 'not supported: dragoman does not run containers or MCP servers.');
  }
}

/** The last system message with an effort applies to the current turn. */
function withEffortOfMessages(request: MessagesRequest, { entries }: Entries): MessagesRequest {
  let effort: JsonValue | undefined;
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]?.entry;
    if (!isJsonObject(entry) || entry.role !== 'system' || !isJsonObject(entry.output_config)) continue;
    effort = entry.output_config.effort ?? effort;
  }
  return effort === undefined ? request : { ...request, output_config: { ...request.output_config, effort } };
}

/**
 * An effort alone does not show the reasoning. Without an option in the request, the model's name decides, as in
 * `claude-sonnet-4-5-thinking`.
 */
function readDisplay({ model, thinking, reasoning, enable_thinking: isEnabled }: MessagesRequest): Echo['thinking'] {
  if (thinking === undefined || thinking === null) {
    const isShown = isEnabled === true || reasoning === true || (isJsonObject(reasoning) && reasoning.enabled === true);
    return isShown || reasoningOfName(model).thinking === 'on' ? 'shown' : 'hidden';
  }
  const { type, display } = isJsonObject(thinking) ? thinking : { type: thinking, display: undefined };
  if (type === 'disabled' || type === false) return 'hidden';
  return display === 'omitted' ? 'omitted' : 'shown';
}

/** The request's own `cache_control` marks the last block that can be cached. */
function markLastBlock(turns: readonly Turn[]): Turn[] {
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
