/**
 * The top level of a Chat Completions request. Messages, tools and options shared with other APIs are read in
 * reading/, in the form of any dialect; here they are only as loose as that.
 * Source: https://platform.openai.com/docs/api-reference/chat/create and the types of the `openai` package.
 */
import { z } from 'zod';
import type { PlainValue } from '../reading/plain-fields.ts';
import { functionCallShape, SHARED_PLAIN_VALUES, sharedOptions } from '../reading/shapes.ts';
import { listOf } from '../shape.ts';

export const requestShape = z.looseObject({
  ...sharedOptions,
  messages: z.array(z.unknown()).nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  functions: z.array(z.unknown()).nullish(),
  function_call: functionCallShape,
  n: z.int().positive().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nonnegative().nullish(),
  modalities: listOf(z.string()).nullish(),
  audio: z.unknown().optional(),
  include_reasoning: z.boolean().nullish(),
});
export type ChatRequest = z.output<typeof requestShape>;

/** For plain-fields.ts. */
export const PLAIN_VALUES = {
  ...SHARED_PLAIN_VALUES,
  messages: 'list',
  functions: 'list',
  stream_options: 'include_usage',
  include_reasoning: 'flag',
} as const satisfies Partial<Record<keyof ChatRequest, PlainValue>>;
