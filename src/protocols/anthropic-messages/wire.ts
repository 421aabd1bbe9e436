/**
 * The top level of a Messages request. Messages, tools and options shared with other APIs are read in reading/ in
 * any dialect, so they are lenient here.
 * Source: https://docs.anthropic.com/en/api/messages and the types of @anthropic-ai/sdk (beta included).
 */
import { z } from 'zod';
import type { PlainValue } from '../reading/plain-fields.ts';
import { SHARED_PLAIN_VALUES, sharedOptions } from '../reading/shapes.ts';
import { listOf } from '../shape.ts';

export const requestShape = z.looseObject({
  ...sharedOptions,
  messages: z.array(z.unknown()).nullish(),
  system: z.unknown().optional(),
  stop_sequences: z.union([z.string(), listOf(z.string())], { error: 'expected a list of strings' }).nullish(),
  output_config: z.looseObject({ effort: z.unknown().optional(), format: z.unknown().optional() }).nullish(),
  output_format: z.unknown().optional(),
  metadata: z.looseObject({ user_id: z.string().nullish().catch(undefined) }).nullish(),
  /** Any value marks a cache point; the upstream decides its lifetime. */
  cache_control: z.unknown().optional(),
  thread: z.unknown().optional(),
  container: z.unknown().optional(),
  mcp_servers: z.unknown().optional(),
});
export type MessagesRequest = z.output<typeof requestShape>;

/** For plain-fields.ts. */
export const PLAIN_VALUES = {
  ...SHARED_PLAIN_VALUES,
  messages: 'list',
  system: 'any',
  stop_sequences: 'texts',
  metadata: 'user_id',
  cache_control: 'any',
} as const satisfies Partial<Record<keyof MessagesRequest, PlainValue>>;
