/** How every field of a completions request is handled. The parser, the docs and a test use this table. */
import type { FieldSupport } from '../field-support.ts';

/** OpenAI's fields. */
export const FIELD_SUPPORT = {
  model: 'used',
  prompt: 'used',
  suffix: 'used',
  stream: 'used',
  'stream_options.include_usage': 'used',

  max_tokens: 'emulated',
  stop: 'emulated',
  echo: 'emulated',
  n: 'emulated',

  temperature: 'noted',
  top_p: 'noted',
  presence_penalty: 'noted',
  frequency_penalty: 'noted',
  seed: 'noted',
  logit_bias: 'noted',

  user: 'ignored',
  'stream_options.include_obfuscation': 'ignored',

  /** Up to `n` is accepted. */
  best_of: 'refused',
  /** 0 is accepted. */
  logprobs: 'refused',
} as const satisfies Record<string, FieldSupport>;

/** Further fields that editors send. */
export const EDITOR_FIELD_SUPPORT = {
  language: 'used',
  filename: 'used',
  file_name: 'used',
  file_path: 'used',
  filepath: 'used',
  path: 'used',
  input_prefix: 'used',
  input_suffix: 'used',
  input_extra: 'used',
  n_predict: 'emulated',
  segments: 'used',
} as const satisfies Record<string, FieldSupport>;

/** Fields of the other APIs, for prompts answered as a chat. Code completions use only the limits. */
export const CHAT_FIELD_SUPPORT = {
  system: 'used',
  instructions: 'used',
  reasoning_effort: 'used',
  reasoning: 'used',
  thinking: 'used',
  enable_thinking: 'used',
  output_config: 'used',

  response_format: 'emulated',
  output_format: 'emulated',
  text: 'emulated',
  max_completion_tokens: 'emulated',
  max_output_tokens: 'emulated',
  stop_sequences: 'emulated',

  tools: 'refused',
  functions: 'refused',
} as const satisfies Record<string, FieldSupport>;

/** How a top-level field is handled; undefined for an unknown field, which is ignored with a note. */
export function supportOf(field: string): FieldSupport | undefined {
  if (field === 'stream_options') return 'used';
  const supports: Readonly<Record<string, FieldSupport>> = {
    ...FIELD_SUPPORT,
    ...EDITOR_FIELD_SUPPORT,
    ...CHAT_FIELD_SUPPORT,
  };
  return Object.hasOwn(supports, field) ? supports[field] : undefined;
}
