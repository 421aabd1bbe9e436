/**
 * What becomes of every field of a Chat Completions request: decided once, as data, so that the parser, the docs and a
 * test against the official SDK's types read the same list.
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
  /** No name of a conversation either: one user has many, and they must not be taken for one. */
  user: 'ignored',
  safety_identifier: 'ignored',
  'stream_options.include_obfuscation': 'ignored',

  /** `false` is fine. */
  logprobs: 'refused',
  /** 0 is fine. */
  top_logprobs: 'refused',
  /** Without `audio` among them they are fine. */
  modalities: 'refused',
  audio: 'refused',
} as const satisfies Record<string, FieldSupport>;

/** Not OpenAI's own: OpenRouter's, which clients of Chat Completions send. */
export const OPENROUTER_FIELD_FATES = {
  reasoning: 'used',
  include_reasoning: 'used',
} as const satisfies Record<string, FieldSupport>;

/** All that the parser knows by itself; the fields of the other APIs are in reading/fields.ts. */
export const OWN_FATES: Readonly<Record<string, FieldSupport>> = {
  ...FIELD_SUPPORT,
  ...OPENROUTER_FIELD_FATES,
  stream_options: 'used',
};

/** Fate of a top-level field, or undefined when we do not know it: then it is accepted and noted as unknown. */
export function supportOf(field: string): FieldSupport | undefined {
  return supportIn(OWN_FATES, field);
}
