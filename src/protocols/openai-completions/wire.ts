/**
 * The request of OpenAI's legacy Completions API, and formats that editors send: Mistral's `/fim/completions` (the same
 * fields), llama.cpp's infill (`input_prefix`, `input_suffix`), Tabby's `segments`.
 * Source: https://platform.openai.com/docs/api-reference/completions/create and the types of the `openai` package.
 */
import { z } from 'zod';
import { listOf } from '../shape.ts';

const text = z.string().nullish();

export const requestShape = z.looseObject({
  model: z.string().min(1).nullish(),
  /** A string, or a list with one string; token arrays are rejected. */
  prompt: z.unknown().optional(),
  suffix: text,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().nullish(),
  stop: z.union([z.string(), listOf(z.string())], { error: 'expected a string or a list of strings' }).nullish(),
  /** Fields of the other APIs. */
  max_completion_tokens: z.int().nullish(),
  max_output_tokens: z.int().nullish(),
  stop_sequences: z
    .union([z.string(), listOf(z.string())], { error: 'expected a string or a list of strings' })
    .nullish(),
  tools: z.unknown().optional(),
  functions: z.unknown().optional(),

  echo: z.boolean().nullish(),
  n: z.int().positive().nullish(),
  best_of: z.int().positive().nullish(),
  logprobs: z.int().nonnegative().nullish(),

  /** Not in OpenAI's API: the language of the code. */
  language: text,
  filename: text,
  file_name: text,
  file_path: text,
  filepath: text,
  path: text,

  input_prefix: text,
  input_suffix: text,
  input_extra: listOf(z.looseObject({ filename: text, text })).nullish(),
  n_predict: z.int().nullish(),

  segments: z.looseObject({ prefix: z.string(), suffix: text, filepath: text }).nullish(),
});
export type CompletionsRequest = z.output<typeof requestShape>;
