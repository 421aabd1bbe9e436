/**
 * The vendors' own SDKs as test oracles: each sends one request to the gateway, streamed or not, and returns its result in
 * the same neutral shape. Retries are disabled, so that the first answer counts.
 */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { type FinishReason, generateText, jsonSchema, type LanguageModel, streamText, type ToolSet, tool } from 'ai';
import OpenAI from 'openai';
import type * as Responses from 'openai/resources/responses/responses';
import { TOOLS } from './event-scripts.ts';

export interface SdkReply {
  readonly text: string;
  readonly reasoning: string;
  readonly tools: readonly { readonly name: string; readonly input: unknown }[];
  /** The API's own value. */
  readonly finish: string | null | undefined;
  /** The explanation of a refusal. */
  readonly refusal?: string | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cacheReadTokens: number | undefined;
}

export interface SdkFailure {
  /** Text received before the failure. */
  readonly visible: string;
  /** HTTP status; undefined for a failure in mid-stream. */
  readonly status: number | undefined;
  readonly message: string;
}

export type SdkOutcome = SdkReply | SdkFailure;

export interface SdkClient {
  readonly name: string;
  readonly dialect: 'openai' | 'anthropic';
  /** Whether `finish`, cache figures and reasoning are the API's own (true) or the AI SDK's. */
  readonly raw: boolean;
  complete(): Promise<SdkOutcome>;
  streamed(): Promise<SdkOutcome>;
}

const QUESTION = 'Go on.';

type CreateClient = (url: string, apiKey: string) => SdkClient;

/** Created one by one, since the providers of the AI SDK build their schemas each time. */
const CREATE: readonly CreateClient[] = [
  openAi,
  openAiResponses,
  anthropic,
  (url, apiKey) =>
    aiSdk(
      'AI SDK, openai-compatible',
      'openai',
      createOpenAICompatible({ name: 'dragoman', baseURL: `${url}/v1`, apiKey, includeUsage: true })(
        'claude-sonnet-4.5',
      ),
    ),
  (url, apiKey) =>
    aiSdk('AI SDK, openai', 'openai', createOpenAI({ baseURL: `${url}/v1`, apiKey })('claude-sonnet-4.5')),
  (url, apiKey) =>
    aiSdk('AI SDK, anthropic', 'anthropic', createAnthropic({ baseURL: `${url}/v1`, apiKey })('claude-sonnet-4.5'), {
      anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } },
    }),
];

export function sdkClients(url: string, apiKey: string): readonly SdkClient[] {
  return CREATE.map((create) => create(url, apiKey));
}

const BY_NAME = new Map(CREATE.map((create) => [create('http://127.0.0.1', 'unused').name, create]));

export const SDK_CLIENT_NAMES: readonly string[] = [...BY_NAME.keys()];

export function sdkClient(name: string, url: string, apiKey: string): SdkClient {
  const create = BY_NAME.get(name);
  if (!create) throw new Error(`There is no client "${name}".`);
  return create(url, apiKey);
}

export function isFailure(outcome: SdkOutcome): outcome is SdkFailure {
  return 'message' in outcome;
}

function openAi(baseUrl: string, apiKey: string): SdkClient {
  const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey, maxRetries: 0 });
  const request: OpenAI.ChatCompletionCreateParamsNonStreaming = {
    model: 'claude-sonnet-4.5',
    messages: [{ role: 'user', content: QUESTION }],
    tools: TOOLS.map(({ name, description, schema }) => ({
      type: 'function',
      function: { name, description, parameters: schema as Record<string, unknown> }, // the SDK's type for JSON
    })),
  };
  const toReply = (completion: OpenAI.ChatCompletion, reasoning: string): SdkReply => {
    const [choice] = completion.choices;
    return {
      text: choice?.message.content ?? '',
      reasoning,
      tools: (choice?.message.tool_calls ?? []).map((call) =>
        call.type === 'function'
          ? { name: call.function.name, input: JSON.parse(call.function.arguments) }
          : { name: call.type, input: undefined },
      ),
      finish: choice?.finish_reason,
      refusal: choice?.message.refusal ?? undefined,
      inputTokens: completion.usage?.prompt_tokens,
      outputTokens: completion.usage?.completion_tokens,
      cacheReadTokens: completion.usage?.prompt_tokens_details?.cached_tokens,
    };
  };
  return {
    name: 'openai',
    dialect: 'openai',
    raw: true,
    complete: () =>
      outcomeOf(async () => {
        const completion = await client.chat.completions.create(request);
        // Unknown to the SDK, which passes it on.
        const message = completion.choices[0]?.message as { reasoning_content?: string } | undefined;
        return toReply(completion, message?.reasoning_content ?? '');
      }),
    streamed: () =>
      outcomeOf(async (see) => {
        const stream = client.chat.completions.stream({
          ...request,
          stream: true,
          stream_options: { include_usage: true },
        });
        let reasoning = '';
        stream.on('chunk', (chunk) => {
          const delta = chunk.choices[0]?.delta as { content?: string; reasoning_content?: string } | undefined;
          reasoning += delta?.reasoning_content ?? '';
          see(delta?.content ?? '');
        });
        return toReply(await stream.finalChatCompletion(), reasoning);
      }),
  };
}

function openAiResponses(baseUrl: string, apiKey: string): SdkClient {
  const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey, maxRetries: 0 });
  const request = {
    model: 'claude-sonnet-4.5',
    input: QUESTION,
    tools: TOOLS.map(({ name, description, schema }) => ({
      type: 'function' as const,
      name,
      description,
      parameters: schema as Record<string, unknown>, // the SDK's type for JSON
      strict: false,
    })),
  };
  return {
    name: 'openai, Responses',
    dialect: 'openai',
    raw: true,
    complete: () => outcomeOf(async () => toResponsesReply(await client.responses.create(request))),
    streamed: () =>
      outcomeOf(async (see) => {
        const stream = client.responses.stream(request);
        stream.on('response.output_text.delta', ({ delta }) => see(delta));
        return toResponsesReply(await stream.finalResponse());
      }),
  };
}

/** The SDK returns a failed response unchanged; its `finish` is mapped to Chat Completions. */
function toResponsesReply({
  status,
  error,
  incomplete_details,
  output,
  output_text,
  usage,
}: Responses.Response): SdkReply {
  if (status === 'failed') throw new Error(error?.message);
  const tools = output.flatMap((item) =>
    item.type === 'function_call' ? [{ name: item.name, input: JSON.parse(item.arguments) }] : [],
  );
  const completed = tools.length > 0 ? 'tool_calls' : 'stop';
  const incomplete = incomplete_details?.reason === 'content_filter' ? 'content_filter' : 'length';
  return {
    text: output_text,
    reasoning: output
      .flatMap((item) => (item.type === 'reasoning' ? item.summary.map(({ text }) => text) : []))
      .join(''),
    tools,
    finish: status === 'completed' ? completed : incomplete,
    refusal: output
      .flatMap((item) => (item.type === 'message' ? item.content : []))
      .find((part) => part.type === 'refusal')?.refusal,
    inputTokens: usage?.input_tokens,
    outputTokens: usage?.output_tokens,
    cacheReadTokens: usage?.input_tokens_details.cached_tokens,
  };
}

function anthropic(baseURL: string, apiKey: string): SdkClient {
  const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
  const request = {
    model: 'claude-sonnet-4.5',
    max_tokens: 8_192,
    thinking: { type: 'enabled' as const, budget_tokens: 2048 },
    messages: [{ role: 'user' as const, content: QUESTION }],
    tools: TOOLS.map(({ name, description, schema }) => ({
      name,
      description,
      input_schema: schema as Anthropic.Tool.InputSchema, // every schema of the suite has an object at its root
    })),
  };
  const toReply = (message: Anthropic.Message): SdkReply => ({
    text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: message.content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    tools: message.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [],
    ),
    finish: message.stop_reason,
    refusal: message.stop_details?.type === 'refusal' ? (message.stop_details.explanation ?? undefined) : undefined,
    inputTokens:
      message.usage.input_tokens +
      (message.usage.cache_read_input_tokens ?? 0) +
      (message.usage.cache_creation_input_tokens ?? 0),
    outputTokens: message.usage.output_tokens,
    cacheReadTokens: message.usage.cache_read_input_tokens ?? undefined,
  });
  return {
    name: '@anthropic-ai/sdk',
    dialect: 'anthropic',
    raw: true,
    complete: () => outcomeOf(async () => toReply(await client.messages.create({ ...request, stream: false }))),
    streamed: () =>
      outcomeOf(async (see) => {
        const stream = client.messages.stream(request);
        stream.on('text', (delta) => see(delta));
        return toReply(await stream.finalMessage());
      }),
  };
}

function aiSdk(
  name: string,
  dialect: SdkClient['dialect'],
  model: LanguageModel,
  providerOptions: Parameters<typeof generateText>[0]['providerOptions'] = {},
): SdkClient {
  const tools: ToolSet = Object.fromEntries(
    TOOLS.map(({ name: toolName, description, schema }) => [
      toolName,
      tool({ description, inputSchema: jsonSchema(schema as object) }),
    ]),
  );
  const request = { model, prompt: QUESTION, tools, maxRetries: 0, providerOptions };
  return {
    name,
    dialect,
    raw: false,
    complete: () =>
      outcomeOf(async () => {
        const result = await generateText(request);
        return aiReply(result.text, result.reasoningText, result.toolCalls, result.finishReason, result.usage);
      }),
    streamed: () =>
      outcomeOf(async (see) => {
        const result = streamText({ ...request, onError() {} });
        for await (const part of result.fullStream) {
          if (part.type === 'text-delta') see(part.text);
          if (part.type === 'error') throw part.error;
        }
        return aiReply(
          await result.text,
          await result.reasoningText,
          await result.toolCalls,
          await result.finishReason,
          await result.usage,
        );
      }),
  };
}

function aiReply(
  text: string,
  reasoning: string | undefined,
  calls: readonly { toolName: string; input: unknown }[],
  finish: FinishReason,
  usage: { inputTokens: number | undefined; outputTokens: number | undefined },
): SdkReply {
  return {
    text,
    reasoning: reasoning ?? '',
    tools: calls.map((call) => ({ name: call.toolName, input: call.input })),
    finish,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: undefined,
  };
}

async function outcomeOf(ask: (see: (text: string) => void) => Promise<SdkReply>): Promise<SdkOutcome> {
  let visible = '';
  try {
    return await ask((text) => {
      visible += text;
    });
  } catch (cause) {
    return { visible, status: statusOf(cause), message: messageOf(cause) };
  }
}

function statusOf(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined;
  if ('statusCode' in cause && typeof cause.statusCode === 'number') return cause.statusCode;
  return 'status' in cause && typeof cause.status === 'number' ? cause.status : undefined;
}

function messageOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message || cause.name;
  return JSON.stringify(cause) ?? String(cause);
}
