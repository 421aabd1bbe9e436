/** What becomes of every field of a completions request: decided once, as data, for the parser, the docs and a test. */
import type { FieldSupport } from '../field-support.ts';

/** OpenAI's own. */
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

  /** No more than `n` is fine. */
  best_of: 'refused',
  /** 0 is fine. */
  logprobs: 'refused',
} as const satisfies Record<string, FieldSupport>;

/** Not OpenAI's own: what editors send to say the same, or more. */
export const EDITOR_FIELD_FATES = {
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

/** Fields of the other APIs, for prompts that are answered as a chat. Code at the cursor takes only the limits. */
export const CHAT_FIELD_FATES = {
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

/** Fate of a top-level field, or undefined when we do not know it: then it is accepted and noted as unknown. */
export function supportOf(field: string): FieldSupport | undefined {
  if (field === 'stream_options') return 'used';
  const supports: Readonly<Record<string, FieldSupport>> = {
    ...FIELD_SUPPORT,
    ...EDITOR_FIELD_FATES,
    ...CHAT_FIELD_FATES,
  };
  return Object.hasOwn(supports, field) ? supports[field] : undefined;
}
