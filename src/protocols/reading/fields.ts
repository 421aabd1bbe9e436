/**
 * How fields of other dialects are handled in every API. The table of the called API takes precedence.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { FieldSupport } from '../field-support.ts';
import type { Notes } from '../notes.ts';
import { RULE_VALUE } from '../openai-errors.ts';
import { refuseUnsupported } from '../shape.ts';

export const DIALECT_FIELD_SUPPORT = {
  messages: 'used',
  input: 'used',
  /** Text in place of a conversation. An object, which names a stored prompt, is rejected. */
  prompt: 'used',
  system: 'used',
  instructions: 'used',
  functions: 'used',
  web_search_options: 'used',
  prompt_cache_key: 'used',
  reasoning: 'used',
  reasoning_effort: 'used',
  include_reasoning: 'used',
  thinking: 'used',
  enable_thinking: 'used',
  thinking_budget: 'used',
  chat_template_kwargs: 'used',
  output_config: 'used',

  function_call: 'emulated',
  parallel_tool_calls: 'emulated',
  response_format: 'emulated',
  output_format: 'emulated',
  text: 'emulated',
  max_tokens: 'emulated',
  max_completion_tokens: 'emulated',
  max_output_tokens: 'emulated',
  stop: 'emulated',
  stop_sequences: 'emulated',

  temperature: 'noted',
  top_p: 'noted',
  top_k: 'noted',
  min_p: 'noted',
  presence_penalty: 'noted',
  frequency_penalty: 'noted',
  repetition_penalty: 'noted',
  seed: 'noted',
  logit_bias: 'noted',
  verbosity: 'noted',
  prediction: 'noted',
  service_tier: 'noted',
  store: 'noted',
  truncation: 'noted',
  max_tool_calls: 'noted',
  context_management: 'noted',

  metadata: 'ignored',
  user: 'ignored',
  safety_identifier: 'ignored',
  stream_options: 'ignored',
  include: 'ignored',
  client_metadata: 'ignored',
  prompt_cache_retention: 'ignored',

  /** 1 is accepted. */
  n: 'refused',
  /** `false` is accepted. */
  logprobs: 'refused',
  /** 0 is accepted. */
  top_logprobs: 'refused',
  /** Accepted without `audio`. */
  modalities: 'refused',
  audio: 'refused',
  conversation: 'refused',
  previous_response_id: 'refused',
  background: 'refused',
  container: 'refused',
  mcp_servers: 'refused',
  thread: 'refused',
} as const satisfies Record<string, FieldSupport>;

type RefusedField = {
  [F in keyof typeof DIALECT_FIELD_SUPPORT]: (typeof DIALECT_FIELD_SUPPORT)[F] extends 'refused' ? F : never;
}[keyof typeof DIALECT_FIELD_SUPPORT];

const REFUSALS: Readonly<Record<RefusedField, string>> = {
  n: 'this API returns one reply per request; send n to /v1/chat/completions.',
  logprobs: 'the service does not report token probabilities.',
  top_logprobs: 'the service does not report token probabilities.',
  modalities: 'audio output is not supported.',
  audio: 'audio output is not supported.',
  conversation: 'conversations are not stored here; send the messages.',
  previous_response_id: 'responses are stored for /v1/responses only; send the whole conversation.',
  background: 'background responses are supported at /v1/responses only.',
  container: 'not supported: dragoman does not run containers.',
  mcp_servers: 'not supported: dragoman does not run MCP servers.',
  thread: 'threads are not stored here; send the messages.',
};

/** The keys of REFUSALS, whose type Object.keys loses. */
const REFUSED_FIELDS = Object.keys(REFUSALS) as readonly RefusedField[];

/** How an API with the table `own` handles a top-level field; undefined if the field is unknown. */
export function supportIn(own: Readonly<Record<string, FieldSupport>>, field: string): FieldSupport | undefined {
  if (Object.hasOwn(own, field)) return own[field];
  const supports: Readonly<Record<string, FieldSupport>> = DIALECT_FIELD_SUPPORT;
  return Object.hasOwn(supports, field) ? supports[field] : undefined;
}

/** Throws `unsupported_parameter` for an option of another dialect that would change the meaning of the reply. */
export function refuseOptions(request: object, own: Readonly<Record<string, FieldSupport>>): void {
  for (const field of REFUSED_FIELDS) {
    const value: unknown = Reflect.get(request, field);
    if (value !== undefined && !Object.hasOwn(own, field) && !changesNothing(field, value))
      throw refuseUnsupported(field, REFUSALS[field], RULE_VALUE);
  }
  const { prompt } = request as { readonly prompt?: unknown };
  if (isJsonObject(prompt) && !Object.hasOwn(own, 'prompt'))
    throw refuseUnsupported('prompt', 'prompts are not stored here; send the text in messages.', RULE_VALUE);
}

function changesNothing(field: string, value: unknown): boolean {
  if (field === 'n') return value === null || value === 1;
  if (field === 'modalities') return !(Array.isArray(value) && value.includes('audio'));
  return !value || (Array.isArray(value) && value.length === 0);
}

/** Notes fields without effect and unknown fields. */
export function noteFields(request: object, own: Readonly<Record<string, FieldSupport>>, notes: Notes): void {
  const known = new Set<string>();
  for (const [field, value] of Object.entries(request as JsonObject)) {
    const support = supportIn(own, field);
    if (support !== undefined) known.add(field);
    // `store: false` and `truncation: "disabled"` are the default behaviour.
    if (support === 'noted' && value !== null && value !== undefined && value !== false && value !== 'disabled')
      notes.add('parameter-ignored', field, shortValue(value));
  }
  notes.addUnknown(request, known, 'request', '');
  noteNestedFields(request as JsonObject, notes);
}

/** The same for the members of fields with several options. */
function noteNestedFields(request: JsonObject, notes: Notes): void {
  for (const [field, known] of Object.entries(NESTED_FIELDS)) {
    const options = request[field];
    if (isJsonObject(options)) notes.addUnknown(options, known, field, field);
    else if (OBJECTS.has(field) && options) notes.add('parameter-ignored', field);
  }
  const { text } = request;
  if (isJsonObject(text) && text.verbosity) notes.add('parameter-ignored', 'text.verbosity');
}

/** In these fields, a string or a boolean has no meaning. */
const OBJECTS: ReadonlySet<string> = new Set(['output_config', 'text', 'stream_options']);

const NESTED_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  output_config: new Set(['effort', 'format']),
  thinking: new Set(['type', 'budget_tokens', 'display']),
  text: new Set(['format', 'verbosity']),
  reasoning: new Set([
    ...['effort', 'max_tokens', 'enabled', 'exclude'],
    /** The full reasoning is always returned, and reasoning in the input is always sent on. */
    ...['summary', 'generate_summary', 'context', 'mode'],
  ]),
  stream_options: new Set(['include_usage', 'include_obfuscation']),
};

export function isNestedField(field: string): boolean {
  return Object.hasOwn(NESTED_FIELDS, field);
}

/** The value for a note: only numbers and booleans, never user text. */
function shortValue(value: JsonValue): string | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
