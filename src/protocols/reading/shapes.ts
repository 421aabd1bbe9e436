/** Options shared by several APIs, as lenient as their readers. */
import { z } from 'zod';
import { listOf } from '../shape.ts';
import type { PlainValue } from './plain-fields.ts';

export const functionCallShape = z
  .union([z.enum(['none', 'auto']), z.looseObject({ name: z.string().min(1) })], {
    error: 'expected "none", "auto" or an object with the function\'s name',
  })
  .nullish();

/** `tool_choice`, output format, limits and reasoning are read field by field elsewhere. */
export const sharedOptions = {
  model: z.string().min(1),
  stream: z.boolean().nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.unknown().optional(),
  reasoning: z.unknown().optional(),
  reasoning_effort: z.string().nullish(),
  thinking: z.unknown().optional(),
  max_tokens: z.int().nullish(),
  stop: z.union([z.string(), listOf(z.string())], { error: 'expected a string or a list of strings' }).nullish(),
  prompt_cache_key: z.string().nullish(),
} as const;

/** For plain-fields.ts. */
export const SHARED_PLAIN_VALUES = {
  model: 'words',
  stream: 'flag',
  tools: 'list',
  tool_choice: 'any',
  parallel_tool_calls: 'flag',
  response_format: 'any',
  reasoning: 'any',
  reasoning_effort: 'text',
  thinking: 'any',
  max_tokens: 'integer',
  stop: 'text',
  prompt_cache_key: 'text',
} as const satisfies Partial<Record<keyof typeof sharedOptions, PlainValue>>;
