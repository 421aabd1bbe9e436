/**
 * How every field of a Chat Completions request is handled. The parser, the docs and a test against the official SDK's
 * types use this table.
 */
import type { FieldSupport } from '../field-support.ts';
import { supportIn } from '../reading/fields.ts';

export const FIELD_SUPPORT = {
  model: 'used',
  messages: 'used',
  stream: 'used',
  'stream_options.include_usage': 'used',
  tools: 'used',
  functions: 'used',
  reasoning_effort: 'used',
  prompt_cache_key: 'used',
  web_search_options: 'used',

  tool_choice: 'emulated',
  function_call: 'emulated',
  parallel_tool_calls: 'emulated',
  response_format: 'emulated',
  max_tokens: 'emulated',
  max_completion_tokens: 'emulated',
  stop: 'emulated',
  /** Up to four. */
  n: 'emulated',

  temperature: 'noted',
  top_p: 'noted',
  presence_penalty: 'noted',
  frequency_penalty: 'noted',
  seed: 'noted',
  logit_bias: 'noted',
  verbosity: 'noted',
  prediction: 'noted',
  service_tier: 'noted',
  store: 'noted',
  moderation: 'noted',
  prompt_cache_options: 'noted',
  prompt_cache_retention: 'noted',

  metadata: 'ignored',
  /** Not used as a conversation key, because one user has many conversations. */
  user: 'ignored',
  safety_identifier: 'ignored',
  'stream_options.include_obfuscation': 'ignored',

  /** `false` is accepted. */
  logprobs: 'refused',
  /** 0 is accepted. */
  top_logprobs: 'refused',
  /** Accepted without `audio`. */
  modalities: 'refused',
  audio: 'refused',
} as const satisfies Record<string, FieldSupport>;

/** OpenRouter's fields, which clients of Chat Completions send. */
export const OPENROUTER_FIELD_SUPPORT = {
  reasoning: 'used',
  include_reasoning: 'used',
} as const satisfies Record<string, FieldSupport>;

/** This API's fields; those of the other APIs are in reading/fields.ts. */
export const OWN_SUPPORT: Readonly<Record<string, FieldSupport>> = {
  ...FIELD_SUPPORT,
  ...OPENROUTER_FIELD_SUPPORT,
  stream_options: 'used',
};

/** How a top-level field is handled; undefined for an unknown field, which is ignored with a note. */
export function supportOf(field: string): FieldSupport | undefined {
  return supportIn(OWN_SUPPORT, field);
}
