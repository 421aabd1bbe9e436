/**
 * The top level of a Responses request. Items, tools and options shared with other APIs are read in reading/, in
 * the form of any dialect; here they are only as loose as that.
 * Source: https://platform.openai.com/docs/api-reference/responses and the types of the `openai` package.
 */
import { z } from 'zod';
import type { PlainValue } from '../reading/plain-fields.ts';
import { SHARED_PLAIN_VALUES, sharedOptions } from '../reading/shapes.ts';
import { listOf } from '../shape.ts';

export const requestShape = z.looseObject({
  ...sharedOptions,
  input: z.union([z.string(), z.array(z.unknown())], { error: 'expected a string or a list of items' }).nullish(),
  instructions: z.unknown().optional(),
  previous_response_id: z.string().nullish(),
  stream_options: z.looseObject({}).nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  include: listOf(z.string()).nullish(),
  text: z.looseObject({ format: z.unknown().optional(), verbosity: z.string().nullish() }).nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish(), summary: z.string().nullish() }).nullish(),
  max_output_tokens: z.int().positive().nullish(),
  top_logprobs: z.int().nonnegative().nullish(),
  conversation: z.unknown().optional(),
  prompt: z.unknown().optional(),
});
export type ResponsesRequest = z.output<typeof requestShape>;

const { reasoning: _reasoning, ...sharedValues } = SHARED_PLAIN_VALUES;

/** For plain-fields.ts. Here, the reasoning is an object. */
export const PLAIN_VALUES = {
  ...sharedValues,
  input: 'text-or-list',
  instructions: 'any',
  store: 'flag',
  include: 'texts',
} as const satisfies Partial<Record<keyof ResponsesRequest, PlainValue>>;

/** `POST /v1/responses/compact` */
export const compactShape = requestShape.pick({
  model: true,
  input: true,
  instructions: true,
  previous_response_id: true,
  prompt_cache_key: true,
});
