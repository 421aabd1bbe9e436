/** A Responses request to a conversation. Fields: fields.ts; items: items.ts; tools: tools.ts. */
import {
  type Conversation,
  isReasoningEffort,
  type OutputFormat,
  type Reasoning,
  type Turn,
} from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import { Notes } from '../notes.ts';
import { RULE_PREVIOUS, RULE_VALUE } from '../openai-errors.ts';
import type { ParsedRequest, RequestContext } from '../protocol.ts';
import { check, refuse, refuseUnsupported } from '../shape.ts';
import { askForSummary } from './compaction.ts';
import { fateOf } from './fields.ts';
import { kindOf, type PlacedItem, readItems } from './items.ts';
import { type Past, placePast } from './past.ts';
import type { ToolNames } from './tool-names.ts';
import { readToolChoice, readTools, type ToolList } from './tools.ts';
import type { ResponsesRequest } from './wire.ts';
import * as wire from './wire.ts';

/** What of the request the writer and the store need. */
export interface Echo {
  /** As the client sent it; the response repeats much of it. */
  readonly request: ResponsesRequest;
  readonly names: ToolNames;
  /** The answer is the summary of the conversation, as one `compaction` item. */
  readonly isCompaction: boolean;
}

/** Throws GatewayError, blame `client`. `past`: what earlier responses left behind, as far as the request names them. */
export function parseRequest(body: unknown, context: RequestContext, past?: Past): ParsedRequest {
  const request = check(wire.requestShape, body, '');
  refuseWishes(request);
  return read(request, context, past, request);
}

/** `POST /v1/responses/compact` */
export function parseCompact(body: unknown, context: RequestContext, past?: Past): ParsedRequest {
  const { model, input, instructions, previous_response_id, prompt_cache_key } = check(wire.compactShape, body, '');
  const request = { model, input, instructions, previous_response_id, prompt_cache_key };
  return read(request, context, past, { ...request, input: [...itemsOf(request), { type: 'compaction_trigger' }] });
}

function read(
  asked: ResponsesRequest,
  context: RequestContext,
  past: Past | undefined,
  request: ResponsesRequest,
): ParsedRequest {
  const notes = new Notes();
  noteFields(request, notes);
  const items = placeItems(request, past);
  const offered = readTools(toolLists(request, items), notes);
  const { toolChoice, tools, webSearch = offered.webSearch } = readToolChoice(request.tool_choice, offered, notes);
  const { system, turns } = readItems(items, offered.names, notes);
  const conversation: Conversation = {
    model: request.model,
    ...withAQuestion([...instructionsOf(request), ...system], turns, notes),
    tools,
    toolChoice,
    ...(webSearch ? { webSearch } : {}),
    parallelToolUse: request.parallel_tool_calls !== false,
    reasoning: readReasoning(request, notes),
    output: {
      maxTokens: request.max_output_tokens ?? undefined,
      maxTokensAt: 'max_output_tokens',
      stopSequences: [],
      format: readFormat(request, notes),
    },
    key: conversationKey(request, context),
  };
  const last = items.at(-1);
  const isCompaction = last !== undefined && kindOf(last.item) === 'compaction_trigger';
  if (isCompaction) notes.add('compaction-emulated', last.at);
  return {
    conversation: isCompaction ? askForSummary(conversation, last.at) : conversation,
    stream: request.stream ?? false,
    adjustments: notes.adjustments,
    createdAtS: Math.floor(context.nowMs / 1000),
    echo: { request: asked, names: offered.names, isCompaction } satisfies Echo,
  };
}

/** What would change the meaning of the answer and cannot be had. */
function refuseWishes({ conversation, prompt, top_logprobs: topLogprobs, ...request }: ResponsesRequest): void {
  if (conversation) throw refuseUnsupported('conversation', 'there are no stored conversations here; send the items.');
  if (prompt) throw refuseUnsupported('prompt', 'there are no stored prompts here; send the text in instructions.');
  if (topLogprobs) throw refuseUnsupported('top_logprobs', 'the service reports no probabilities of tokens.');
  if (request.background && request.store === false)
    throw refuse('background', 'needs the response to be stored; leave store out, or set it to true.');
}

function itemsOf({ input }: Pick<ResponsesRequest, 'input'>): PlacedItem['item'][] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input } as PlacedItem['item']];
  return input ?? [];
}

function placeItems(request: ResponsesRequest, past: Past | undefined): PlacedItem[] {
  const { input, previous_response_id: previous } = request;
  if (previous && !past?.hasPrevious) throw previousNotFound(previous);
  const own = itemsOf(request).map((item, i) => ({ item, at: typeof input === 'string' ? 'input' : `input[${i}]` }));
  const items = placePast(own, past);
  if (items.length === 0 && !request.instructions) throw refuse('input', 'there is nothing in it to answer.');
  return items;
}

function previousNotFound(id: string) {
  const message = `Previous response with id '${id.slice(0, 100)}' not found.`;
  return new GatewayError('invalid_request', message, { param: 'previous_response_id', rule: RULE_PREVIOUS });
}

function toolLists({ tools }: ResponsesRequest, items: readonly PlacedItem[]): ToolList[] {
  const lists: ToolList[] = [{ at: 'tools', tools: tools ?? [], found: false }];
  for (const { item, at } of items) {
    const kind = kindOf(item);
    if (kind !== 'additional_tools' && kind !== 'tool_search_output') continue;
    const { tools: more } = check(wire.additionalTools, item, at);
    lists.push({ at: `${at}.tools`, tools: more, found: kind === 'tool_search_output' });
  }
  return lists;
}

function instructionsOf({ instructions }: ResponsesRequest): Conversation['system'] {
  return instructions ? [{ at: 'instructions', text: instructions, cachePoint: false }] : [];
}

/** The vendor answers instructions alone. A conversation has to have a turn to answer: the last instruction is it. */
function withAQuestion(system: Conversation['system'], turns: readonly Turn[], notes: Notes) {
  const last = system.at(-1);
  if (turns.length > 0) return { system, turns };
  if (!last) throw refuse('input', 'there is nothing in it to answer.');
  notes.add('system-as-user', last.at);
  const { at, text } = last;
  const asked: Turn = { at, role: 'user', parts: [{ type: 'text', at, text }] };
  return { system: system.slice(0, -1), turns: [asked] };
}

function noteFields(request: ResponsesRequest, notes: Notes): void {
  const known = new Set<string>(UNTOLD);
  for (const [field, value] of Object.entries(request)) {
    const fate = fateOf(field);
    if (fate !== undefined) known.add(field);
    // `false` and `disabled` ask for what happens anyhow.
    if (fate === 'noted' && value !== null && value !== undefined && value !== false && value !== 'disabled')
      notes.add('parameter-ignored', field, shortValue(value));
  }
  const { text, reasoning, include } = request;
  notes.addUnknown(request, known, 'request', '');
  notes.addUnknown(text ?? {}, TEXT_KEYS, 'text', 'text');
  notes.addUnknown(reasoning ?? {}, REASONING_KEYS, 'reasoning', 'reasoning');
  notes.addUnknown(request.stream_options ?? {}, STREAM_OPTIONS, 'stream_options', 'stream_options');
  if (text?.verbosity) notes.add('parameter-ignored', 'text.verbosity');
  for (const [i, wanted] of (include ?? []).entries())
    if (wanted === 'message.output_text.logprobs') notes.add('parameter-ignored', `include[${i}]`);
}

/** Codex tells OpenAI about itself in it. */
const UNTOLD = ['client_metadata'];
const TEXT_KEYS = new Set(['format', 'verbosity']);
const REASONING_KEYS = new Set(['effort', 'summary', 'generate_summary', 'context', 'mode']);
const STREAM_OPTIONS = new Set(['include_obfuscation']);

/** Never what a person wrote: a number or a word of the API's own. */
function shortValue(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function readReasoning({ reasoning }: ResponsesRequest, notes: Notes): Reasoning {
  const effort = reasoning?.effort;
  if (effort === null || effort === undefined) return { mode: 'unset' };
  if (effort === 'none') return { mode: 'off' };
  if (isReasoningEffort(effort)) return { mode: 'on', effort, budgetTokens: undefined };
  notes.add('parameter-ignored', 'reasoning.effort');
  return { mode: 'unset' };
}

function readFormat({ text }: ResponsesRequest, notes: Notes): OutputFormat {
  const format = text?.format;
  if (!format) return { type: 'text' };
  switch (format.type) {
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json', at: 'text.format' };
    case 'json_schema': {
      const { name, schema, ...rest } = check(wire.jsonSchemaFormat, format, 'text.format');
      notes.addUnknown(rest, SCHEMA_KEYS, 'text.format', 'text.format');
      return schema
        ? { type: 'json-schema', at: 'text.format.schema', name: name ?? undefined, schema }
        : { type: 'json', at: 'text.format' };
    }
    default:
      throw refuseUnsupported('text.format.type', 'expected "text", "json_object" or "json_schema".', RULE_VALUE);
  }
}

/** `strict` is what we do anyway. */
const SCHEMA_KEYS = new Set(['type', 'description', 'strict']);

/** What agents name a conversation by, most specific first. `user` is none: one user has many conversations. */
function conversationKey(request: ResponsesRequest, { header }: RequestContext): string | undefined {
  for (const name of SESSION_HEADERS) {
    const value = header(name);
    if (value) return value;
  }
  return request.prompt_cache_key || undefined;
}

/** Codex names the thread of each subagent beside the session which they share. */
const SESSION_HEADERS = ['thread-id', 'x-session-affinity', 'x-session-id', 'session-id', 'session_id'];
