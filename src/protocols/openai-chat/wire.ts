/**
 * The request of OpenAI's Chat Completions API, as far as we read it. Lenient: objects are loose, and what a shape
 * does not name is noted by whoever reads it. Strict where a misreading would change what the client meant.
 * Source: https://platform.openai.com/docs/api-reference/chat/create and the types of the `openai` package.
 */
import { z } from 'zod';
import { jsonObject, jsonValue } from '../shape.ts';

/** Not OpenAI's own, but sent by agents to models which cache by mark; any value is a wish for a cache point. */
const cacheMarks = {
  cache_control: z.unknown().optional(),
  prompt_cache_breakpoint: z.unknown().optional(),
};

export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const;

const messageShape = z.looseObject({
  role: z.enum(ROLES),
  /** A string or parts, which are read one by one, each by its own shape. */
  content: z.unknown().optional(),
  cache_control: z.unknown().optional(),
});
export type Message = z.output<typeof messageShape>;

const functionShape = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: jsonValue.optional(),
  cache_control: z.unknown().optional(),
});

export const requestShape = z.looseObject({
  model: z.string().min(1),
  messages: z.array(messageShape).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  functions: z.array(functionShape).nullish(),
  function_call: z
    .union([z.enum(['none', 'auto']), z.looseObject({ name: z.string().min(1) })], {
      error: 'expected "none", "auto" or an object with the function\'s name',
    })
    .nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  stop: z.union([z.string(), z.array(z.string())], { error: 'expected a string or a list of strings' }).nullish(),
  n: z.int().positive().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nonnegative().nullish(),
  modalities: z.array(z.string()).nullish(),
  audio: z.unknown().optional(),
  reasoning_effort: z.string().nullish(),
  /** Not OpenAI's own: the same wish in other words. */
  reasoning: z
    .looseObject({
      effort: z.string().nullish(),
      max_tokens: z.int().positive().nullish(),
      enabled: z.boolean().nullish(),
      exclude: z.boolean().nullish(),
    })
    .nullish(),
  include_reasoning: z.boolean().nullish(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.int().positive().nullish() }).nullish(),
  prompt_cache_key: z.string().nullish(),
});
export type ChatRequest = z.output<typeof requestShape>;

export const functionTool = z.looseObject({
  type: z.literal('function'),
  function: functionShape,
  cache_control: z.unknown().optional(),
});

export const customTool = z.looseObject({
  type: z.literal('custom'),
  custom: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    format: z
      .looseObject({
        type: z.string(),
        grammar: z.looseObject({ syntax: z.string().nullish(), definition: z.string() }).nullish(),
      })
      .nullish(),
  }),
  cache_control: z.unknown().optional(),
});

export const toolChoiceObject = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string().min(1) }) }),
  z.looseObject({ type: z.literal('custom'), custom: z.looseObject({ name: z.string().min(1) }) }),
  z.looseObject({
    type: z.literal('allowed_tools'),
    allowed_tools: z.looseObject({
      mode: z.enum(['auto', 'required']),
      tools: z.array(
        z.looseObject({
          function: z.looseObject({ name: z.string() }).nullish(),
          custom: z.looseObject({ name: z.string() }).nullish(),
        }),
      ),
    }),
  }),
]);

export const jsonSchemaFormat = z.looseObject({
  type: z.literal('json_schema'),
  json_schema: z.looseObject({ name: z.string().nullish(), schema: jsonObject.nullish() }),
});

export const anyPart = z.looseObject({ type: z.string(), text: z.unknown().optional(), ...cacheMarks });

export const textPart = z.looseObject({ type: z.literal('text'), text: z.string(), ...cacheMarks });

export const refusalPart = z.looseObject({ type: z.literal('refusal'), refusal: z.string(), ...cacheMarks });

export const imagePart = z.looseObject({
  type: z.literal('image_url'),
  /** A bare string is not OpenAI's form, but what some clients send. */
  image_url: z.union([z.string(), z.looseObject({ url: z.string() })], {
    error: 'expected an object with the url of the image',
  }),
  ...cacheMarks,
});

export const filePart = z.looseObject({
  type: z.literal('file'),
  file: z.looseObject({
    file_data: z.string().nullish(),
    file_id: z.string().nullish(),
    filename: z.string().nullish(),
  }),
  ...cacheMarks,
});

export const toolCall = z.looseObject({
  id: z.string().min(1),
  function: z.looseObject({ name: z.string().min(1), arguments: jsonValue.optional() }).nullish(),
  custom: z.looseObject({ name: z.string().min(1), input: z.string() }).nullish(),
  cache_control: z.unknown().optional(),
});

export const assistantMessage = z.looseObject({
  content: z.unknown().optional(),
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  function_call: z.looseObject({ name: z.string().min(1), arguments: jsonValue.optional() }).nullish(),
});

/** Not OpenAI's own: the forms in which clients give the model's reasoning back. */
export const assistantReasoning = z.looseObject({
  reasoning_content: z.string().nullish(),
  reasoning: z.unknown().optional(),
  reasoning_details: z
    .array(
      z.looseObject({
        type: z.string(),
        text: z.string().nullish(),
        summary: z.string().nullish(),
        signature: z.string().nullish(),
        data: z.string().nullish(),
        index: z.number().nullish(),
      }),
    )
    .nullish(),
  thinking_blocks: z
    .array(
      z.looseObject({
        type: z.string(),
        thinking: z.string().nullish(),
        signature: z.string().nullish(),
        data: z.string().nullish(),
      }),
    )
    .nullish(),
});

export const toolMessage = z.looseObject({ tool_call_id: z.string().min(1), content: z.unknown().optional() });

export const functionMessage = z.looseObject({ name: z.string().min(1), content: z.unknown().optional() });
