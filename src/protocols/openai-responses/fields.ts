/**
 * How every field of a Responses request is handled. The parser, the docs and a test against the official SDK's types
 * use this table.
 */
import type { FieldSupport } from '../field-support.ts';
import { supportIn } from '../reading/fields.ts';

export const FIELD_SUPPORT = {
  model: 'used',
  input: 'used',
  instructions: 'used',
  stream: 'used',
  tools: 'used',
  include: 'used',
  prompt_cache_key: 'used',
  'reasoning.effort': 'used',

  tool_choice: 'emulated',
  parallel_tool_calls: 'emulated',
  max_output_tokens: 'emulated',
  'text.format': 'emulated',
  store: 'emulated',
  previous_response_id: 'emulated',
  background: 'emulated',

  'text.verbosity': 'noted',
  temperature: 'noted',
  top_p: 'noted',
  max_tool_calls: 'noted',
  truncation: 'noted',
  service_tier: 'noted',
  moderation: 'noted',
  access_programs: 'noted',
  context_management: 'noted',
  image: 'noted',
  prompt_cache_options: 'noted',
  prompt_cache_retention: 'noted',

  /** The full reasoning is always returned. */
  'reasoning.summary': 'ignored',
  'reasoning.generate_summary': 'ignored',
  /** Reasoning in the input is always sent on. */
  'reasoning.context': 'ignored',
  'reasoning.mode': 'ignored',
  metadata: 'ignored',
  /** Not used as a conversation key, because one user has many conversations. */
  user: 'ignored',
  safety_identifier: 'ignored',
  'stream_options.include_obfuscation': 'ignored',

  conversation: 'refused',
  prompt: 'refused',
  /** 0 is accepted. */
  top_logprobs: 'refused',
} as const satisfies Record<string, FieldSupport>;

/** This API's fields; those of the other APIs are in reading/fields.ts. */
export const OWN_SUPPORT: Readonly<Record<string, FieldSupport>> = {
  ...FIELD_SUPPORT,
  reasoning: 'used',
  text: 'used',
  stream_options: 'used',
};

/** How a top-level field is handled; undefined for an unknown field, which is ignored with a note. */
export function supportOf(field: string): FieldSupport | undefined {
  return supportIn(OWN_SUPPORT, field);
}
