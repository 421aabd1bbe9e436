/** A Chat Completions request to a conversation. Fields: fields.ts; messages: messages.ts; tools: tools.ts. */
import type { Conversation, OutputFormat } from '../../core/conversation.ts';
import type { WebSearchWish } from '../../core/web-search.ts';
import { Notes } from '../notes.ts';
import { readChoices } from '../openai-choices.ts';
import { RULE_VALUE } from '../openai-errors.ts';
import type { ParsedRequest, RequestContext } from '../protocol.ts';
import { check, refuseUnsupported } from '../shape.ts';
import { fateOf } from './fields.ts';
import { readMessages } from './messages.ts';
import { type ReasoningForm, readReasoning } from './reasoning.ts';
import { readTools } from './tools.ts';
import type { ChatRequest } from './wire.ts';
import * as wire from './wire.ts';

/** What of the request the writer needs. */
export interface Echo {
  /** As the client wrote it; replies say it again. */
  readonly model: string;
  readonly includeUsage: boolean;
  readonly customTools: ReadonlySet<string>;
  readonly legacyFunctions: boolean;
  readonly reasoning: ReasoningForm;
}

/** Throws GatewayError, blame `client`. */
export function parseRequest(body: unknown, context: RequestContext): ParsedRequest {
  const request = check(wire.requestShape, body, '');
  refuseWishes(request);
  const notes = new Notes();
  const choices = readChoices(request.n, notes);
  const { reasoning, form } = readReasoning(request, notes);
  noteFields(request, notes);
  const { customTools, legacyFunctions, ...tools } = readTools(request, notes);
  const { system, turns } = readMessages(request.messages, notes);
  const conversation: Conversation = {
    model: request.model,
    system,
    turns,
    ...tools,
    ...(request.web_search_options ? { webSearch: SEARCH_WISH } : {}),
    reasoning,
    output: {
      maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
      stopSequences: readStop(request, notes),
      format: readFormat(request, notes),
      ...(request.max_completion_tokens ? { maxTokensAt: 'max_completion_tokens' } : {}),
    },
    key: conversationKey(request, context),
  };
  const includeUsage = request.stream_options?.include_usage ?? false;
  return {
    conversation,
    ...(choices > 1 ? { choices } : {}),
    stream: request.stream ?? false,
    adjustments: notes.adjustments,
    createdAtS: Math.floor(context.nowMs / 1000),
    echo: { model: request.model, includeUsage, customTools, legacyFunctions, reasoning: form } satisfies Echo,
  };
}

/** The API knows no limits; how much of the pages the model reads, and from where it looks, is the service's business. */
const SEARCH_WISH: WebSearchWish = {
  at: 'web_search_options',
  maxUses: undefined,
  allowedDomains: [],
  blockedDomains: [],
  isRequired: false,
};

/** What would change the meaning of the answer and cannot be had. */
function refuseWishes({ logprobs, top_logprobs: topLogprobs, modalities, audio }: ChatRequest): void {
  if (logprobs) throw refuseUnsupported('logprobs', 'the service reports no probabilities of tokens.');
  if (topLogprobs) throw refuseUnsupported('top_logprobs', 'the service reports no probabilities of tokens.');
  const audioAt = modalities?.indexOf('audio') ?? -1;
  if (audioAt >= 0) throw refuseUnsupported(`modalities[${audioAt}]`, 'audio output is not supported.', RULE_VALUE);
  if (audio !== undefined && audio !== null) throw refuseUnsupported('audio', 'audio output is not supported.');
}

function noteFields(request: ChatRequest, notes: Notes): void {
  const known = new Set<string>();
  for (const [field, value] of Object.entries(request)) {
    const fate = fateOf(field);
    if (fate !== undefined) known.add(field);
    // `store: false` and the like ask for what happens anyhow.
    if (fate === 'noted' && value !== null && value !== undefined && value !== false)
      notes.add('parameter-ignored', field, shortValue(value));
  }
  notes.addUnknown(request, known, 'request', '');
  notes.addUnknown(request.stream_options ?? {}, STREAM_OPTIONS, 'stream_options', 'stream_options');
}

const STREAM_OPTIONS = new Set(['include_usage', 'include_obfuscation']);

/** Never what a person wrote: a number or a word of the API's own. */
function shortValue(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function readStop({ stop }: ChatRequest, notes: Notes): readonly string[] {
  const sequences = typeof stop === 'string' ? [stop] : (stop ?? []);
  const said = sequences.filter((sequence) => sequence !== '');
  // An empty one would match before the first character.
  if (said.length < sequences.length) notes.add('empty-stop-ignored', 'stop', String(sequences.length - said.length));
  return said;
}

function readFormat({ response_format: format }: ChatRequest, notes: Notes): OutputFormat {
  if (!format) return { type: 'text' };
  switch (format.type) {
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json', at: 'response_format' };
    case 'json_schema': {
      const { json_schema: wanted } = check(wire.jsonSchemaFormat, format, 'response_format');
      notes.addUnknown(wanted, SCHEMA_KEYS, 'json_schema', 'response_format.json_schema');
      return wanted.schema
        ? { type: 'json-schema', at: SCHEMA_AT, name: wanted.name ?? undefined, schema: wanted.schema }
        : { type: 'json', at: 'response_format' };
    }
    default:
      throw refuseUnsupported('response_format.type', 'expected "text", "json_object" or "json_schema".', RULE_VALUE);
  }
}

const SCHEMA_AT = 'response_format.json_schema.schema';

/** `strict` is what we do anyway. */
const SCHEMA_KEYS = new Set(['name', 'schema', 'strict']);

/** What agents name a session by, most specific first. `user` is none: one user has many conversations. */
function conversationKey({ prompt_cache_key: cacheKey }: ChatRequest, { header }: RequestContext): string | undefined {
  for (const name of SESSION_HEADERS) {
    const value = header(name);
    if (value) return value;
  }
  return cacheKey || undefined;
}

const SESSION_HEADERS = ['x-session-affinity', 'x-session-id', 'session-id', 'session_id'];
