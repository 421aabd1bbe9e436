/**
 * What becomes of every field of a Responses request: decided once, as data, so that the parser, the docs and a test
 * against the official SDK's types read the same list.
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

  /** The whole reasoning is shown, whatever length was asked for. */
  'reasoning.summary': 'ignored',
  'reasoning.generate_summary': 'ignored',
  /** Reasoning which comes back with the input is always sent on. */
  'reasoning.context': 'ignored',
  'reasoning.mode': 'ignored',
  metadata: 'ignored',
  /** No name of a conversation either: one user has many, and they must not be taken for one. */
  user: 'ignored',
  safety_identifier: 'ignored',
  'stream_options.include_obfuscation': 'ignored',

  conversation: 'refused',
  prompt: 'refused',
  /** 0 is fine. */
  top_logprobs: 'refused',
} as const satisfies Record<string, FieldSupport>;

/** All that the parser knows by itself; the fields of the other APIs are in reading/fields.ts. */
export const OWN_FATES: Readonly<Record<string, FieldSupport>> = {
  ...FIELD_SUPPORT,
  reasoning: 'used',
  text: 'used',
  stream_options: 'used',
};

/** Fate of a top-level field, or undefined when we do not know it: then it is accepted and noted as unknown. */
export function supportOf(field: string): FieldSupport | undefined {
  return supportIn(OWN_FATES, field);
}
