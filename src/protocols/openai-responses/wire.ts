/**
 * The request of OpenAI's Responses API, as far as we read it. Lenient: objects are loose, and what a shape does not
 * name is noted by whoever reads it. Strict where a misreading would change what the client meant.
 * Source: https://platform.openai.com/docs/api-reference/responses and the types of the `openai` package.
 */
import { z } from 'zod';
import { jsonObject, jsonValue } from '../shape.ts';

/** An item of the input, whose kind is its `type`; without one it is a message, or a reference when it has no role. */
const anyItem = z.looseObject({ type: z.string().nullish(), role: z.string().nullish() });

export const requestShape = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(anyItem)], { error: 'expected a string or a list of items' }).nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({}).nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  include: z.array(z.string()).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z
    .looseObject({ format: z.looseObject({ type: z.string() }).nullish(), verbosity: z.string().nullish() })
    .nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish(), summary: z.string().nullish() }).nullish(),
  max_output_tokens: z.int().positive().nullish(),
  top_logprobs: z.int().nonnegative().nullish(),
  conversation: z.unknown().optional(),
  prompt: z.unknown().optional(),
  prompt_cache_key: z.string().nullish(),
});
export type ResponsesRequest = z.output<typeof requestShape>;

/** `POST /v1/responses/compact` */
export const compactShape = requestShape.pick({
  model: true,
  input: true,
  instructions: true,
  previous_response_id: true,
  prompt_cache_key: true,
});

export const jsonSchemaFormat = z.looseObject({
  type: z.literal('json_schema'),
  name: z.string().nullish(),
  schema: jsonObject.nullish(),
});

const named = { name: z.string().min(1), description: z.string().nullish() };
const deferrable = { defer_loading: z.boolean().nullish() };

export const functionTool = z.looseObject({ ...named, ...deferrable, parameters: jsonValue.optional() });

export const customTool = z.looseObject({
  ...named,
  ...deferrable,
  format: z.looseObject({ type: z.string(), syntax: z.string().nullish(), definition: z.string().nullish() }).nullish(),
});

export const namespaceTool = z.looseObject({ ...named, tools: z.array(z.looseObject({ type: z.string() })) });

export const webSearchTool = z.looseObject({
  type: z.string(),
  filters: z
    .looseObject({
      allowed_domains: z.array(z.string()).nullish(),
      blocked_domains: z.array(z.string()).nullish(),
    })
    .nullish(),
});

export const toolSearchTool = z.looseObject({
  description: z.string().nullish(),
  execution: z.string().nullish(),
  parameters: jsonValue.optional(),
});

export const shellTool = z.looseObject({ environment: z.looseObject({ type: z.string() }).nullish() });

export const toolChoiceObject = z.looseObject({
  type: z.string(),
  name: z.string().nullish(),
  namespace: z.string().nullish(),
});

export const allowedTools = z.looseObject({
  type: z.literal('allowed_tools'),
  mode: z.enum(['auto', 'required']),
  tools: z.array(toolChoiceObject),
});

export const message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  /** A string or parts, which are read one by one, each by its own shape. */
  content: z.unknown().optional(),
});

const cacheMark = { prompt_cache_breakpoint: z.unknown().optional(), cache_control: z.unknown().optional() };

export const anyPart = z.looseObject({ type: z.string(), text: z.unknown().optional(), ...cacheMark });
export const textPart = z.looseObject({ text: z.string(), ...cacheMark });
export const refusalPart = z.looseObject({ refusal: z.string() });
export const imagePart = z.looseObject({
  image_url: z.string().nullish(),
  file_id: z.string().nullish(),
  detail: z.string().nullish(),
});
export const filePart = z.looseObject({
  file_data: z.string().nullish(),
  file_url: z.string().nullish(),
  file_id: z.string().nullish(),
  filename: z.string().nullish(),
});

const callId = { call_id: z.string().min(1) };

export const functionCall = z.looseObject({
  ...callId,
  name: z.string().min(1),
  namespace: z.string().nullish(),
  arguments: jsonValue.optional(),
});

export const customToolCall = z.looseObject({
  ...callId,
  name: z.string().min(1),
  namespace: z.string().nullish(),
  input: z.string(),
});

/** `output` is a string or parts, and for shells a list of what each command wrote. */
export const callOutput = z.looseObject({ ...callId, output: z.unknown().optional(), status: z.string().nullish() });

export const toolSearchCall = z.looseObject({ call_id: z.string().nullish(), arguments: jsonValue.optional() });

export const toolSearchOutput = z.looseObject({
  call_id: z.string().nullish(),
  tools: z.array(z.looseObject({ type: z.string() })),
});

export const additionalTools = z.looseObject({ tools: z.array(z.looseObject({ type: z.string() })) });

export const localShellCall = z.looseObject({ ...callId, id: z.string().nullish(), action: jsonObject });

/** Its `id` names the call; agents send the `call_id` too, or instead. */
export const localShellCallOutput = z.looseObject({
  id: z.string().nullish(),
  call_id: z.string().nullish(),
  output: z.unknown().optional(),
});

export const shellCall = z.looseObject({ ...callId, action: jsonObject });

export const shellOutput = z.looseObject({
  stdout: z.string().nullish(),
  stderr: z.string().nullish(),
  outcome: z.looseObject({ type: z.string(), exit_code: z.number().nullish() }).nullish(),
});

/** Searches have a query; pages which were opened, or searched through, have none. */
export const webSearchCall = z.looseObject({
  id: z.string().nullish(),
  action: z
    .looseObject({
      query: z.string().nullish(),
      sources: z.array(z.looseObject({ url: z.string().nullish() })).nullish(),
    })
    .nullish(),
});

export const applyPatchCall = z.looseObject({ ...callId, operation: jsonObject });

export const reasoningItem = z.looseObject({
  summary: z.array(z.looseObject({ text: z.string().nullish() })).nullish(),
  content: z.array(z.looseObject({ text: z.string().nullish() })).nullish(),
  encrypted_content: z.string().nullish(),
});

export const compactionItem = z.looseObject({ encrypted_content: z.string().nullish() });

export const computerCallOutput = z.looseObject({ output: z.looseObject({ image_url: z.string() }) });
