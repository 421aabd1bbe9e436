/**
 * The request of Anthropic's Messages API, as far as we read it. Lenient: every object is loose, and what a shape does
 * not name is noted by whoever reads it. Strict where a misreading would change what the client meant.
 * Source: https://docs.anthropic.com/en/api/messages and the types of @anthropic-ai/sdk (beta included).
 */
import { z } from 'zod';
import { jsonObject, jsonValue } from '../shape.ts';

/** Any value is a wish for a cache point; its lifetime is the upstream's business. */
const cacheControl = z.unknown().optional();

export const messageShape = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  /** Blocks are read one by one, each by its own shape; a `system` message may have none at all. */
  content: z.unknown().optional(),
  clear_at: z.string().nullish(),
  output_config: z.looseObject({ effort: z.string().nullish() }).nullish(),
});

export const requestShape = z.looseObject({
  model: z.string().min(1),
  messages: z.array(messageShape).min(1),
  max_tokens: z.int().nonnegative().nullish(),
  system: z.unknown().optional(),
  stream: z.boolean().nullish(),
  stop_sequences: z.array(z.string().min(1)).nullish(),
  tools: z.array(z.looseObject({})).nullish(),
  tool_choice: z
    .discriminatedUnion('type', [
      z.looseObject({ type: z.literal('auto'), disable_parallel_tool_use: z.boolean().nullish() }),
      z.looseObject({ type: z.literal('any'), disable_parallel_tool_use: z.boolean().nullish() }),
      z.looseObject({ type: z.literal('none') }),
      z.looseObject({
        type: z.literal('tool'),
        name: z.string().min(1),
        disable_parallel_tool_use: z.boolean().nullish(),
      }),
    ])
    .nullish(),
  thinking: z
    .looseObject({
      type: z.enum(['enabled', 'adaptive', 'disabled', 'between_tools']),
      budget_tokens: z.int().nonnegative().nullish(),
      display: z.string().nullish(),
    })
    .nullish(),
  output_config: z
    .looseObject({
      effort: z.string().nullish(),
      format: z.looseObject({ type: z.string() }).nullish(),
    })
    .nullish(),
  output_format: z.looseObject({ type: z.string() }).nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish().catch(undefined) }).nullish(),
  cache_control: cacheControl,
  thread: z.unknown().optional(),
  container: z.unknown().optional(),
  mcp_servers: z.unknown().optional(),
});
export type MessagesRequest = z.output<typeof requestShape>;

export const jsonSchemaFormat = z.looseObject({
  type: z.literal('json_schema'),
  name: z.string().nullish(),
  schema: jsonObject,
});

export const clientTool = z.looseObject({
  type: z.string().nullish(),
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: jsonValue.optional(),
  defer_loading: z.boolean().nullish(),
  cache_control: cacheControl,
});

export const typedTool = z.looseObject({
  type: z.string(),
  name: z.string().min(1).nullish(),
  defer_loading: z.boolean().nullish(),
  cache_control: cacheControl,
  display_width_px: z.number().nullish(),
  display_height_px: z.number().nullish(),
});

export const anyBlock = z.looseObject({ type: z.string(), cache_control: cacheControl });

export const textBlock = z.looseObject({
  type: z.literal('text'),
  text: z.string(),
  /** Where a reply's text came from: said by the blocks before it. */
  citations: z.unknown().optional(),
  cache_control: cacheControl,
});

export const imageBlock = z.looseObject({
  type: z.literal('image'),
  source: z.looseObject({ type: z.string() }),
  cache_control: cacheControl,
});

export const documentBlock = z.looseObject({
  type: z.literal('document'),
  source: z.looseObject({ type: z.string() }),
  title: z.string().nullish(),
  context: z.string().nullish(),
  cache_control: cacheControl,
});

export const base64Source = z.looseObject({
  type: z.literal('base64'),
  media_type: z.string().min(1),
  data: z.string().min(1),
});

export const textSource = z.looseObject({
  type: z.literal('text'),
  media_type: z.string().nullish(),
  data: z.string(),
});

export const contentSource = z.looseObject({
  type: z.literal('content'),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
});

export const urlSource = z.looseObject({ type: z.literal('url'), url: z.string() });

export const searchResultBlock = z.looseObject({
  type: z.literal('search_result'),
  source: z.string(),
  title: z.string(),
  content: z.array(textBlock),
  cache_control: cacheControl,
});

export const toolReferenceBlock = z.looseObject({
  type: z.literal('tool_reference'),
  tool_name: z.string().min(1),
  cache_control: cacheControl,
});

export const toolSearchResultBlock = z.looseObject({
  type: z.literal('tool_search_tool_result'),
  content: z.looseObject({ tool_references: z.array(toolReferenceBlock).optional() }).nullish(),
});

/** Whether the model or a program of its own calls; the service has no such programs. */
const caller = z.unknown().optional();

/** Any name: the vendor's servers run other tools too. */
export const serverToolUseBlock = z.looseObject({
  type: z.literal('server_tool_use'),
  id: z.string().min(1),
  name: z.string().min(1),
  input: jsonValue.optional(),
  caller,
  cache_control: cacheControl,
});

export const webSearchResultBlock = z.looseObject({
  type: z.literal('web_search_tool_result'),
  tool_use_id: z.string().min(1),
  content: z.unknown().optional(),
  caller,
  cache_control: cacheControl,
});

export const webSearchTool = z.looseObject({
  type: z.string(),
  max_uses: z.int().positive().nullish(),
  allowed_domains: z.array(z.string()).nullish(),
  blocked_domains: z.array(z.string()).nullish(),
});

export const thinkingBlock = z.looseObject({
  type: z.literal('thinking'),
  thinking: z.string(),
  signature: z.string().nullish(),
});

export const redactedThinkingBlock = z.looseObject({
  type: z.literal('redacted_thinking'),
  data: z.string(),
});

export const toolUseBlock = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string().min(1),
  name: z.string().min(1),
  input: jsonValue.optional(),
  caller,
  cache_control: cacheControl,
});

export const toolResultBlock = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().min(1),
  content: z.unknown().optional(),
  is_error: z.boolean().nullish(),
  cache_control: cacheControl,
});

export const compactionBlock = z.looseObject({
  type: z.literal('compaction'),
  content: z.string().nullish(),
  tool_changes: z.array(anyBlock).nullish(),
  cache_control: cacheControl,
});

export const toolChangeBlock = z.looseObject({
  type: z.enum(['tool_addition', 'tool_removal']),
  tool: z.looseObject({
    type: z.string(),
    name: z.string().nullish(),
    definition: z.looseObject({}).nullish(),
  }),
});
