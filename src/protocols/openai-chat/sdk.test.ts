/** The official clients read the same from a stream as from the complete reply, however the network splits it. */

import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, type LanguageModel, streamText, type ToolSet, tool } from 'ai';
import fc from 'fast-check';
import { APIError, OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { anyCodePoint } from '../../../test/support/code-points.ts';
import { brokenReplyEvents, pieces, replyEvents } from '../../../test/support/reply-events.ts';
import { scaled } from '../../../test/support/scale.ts';
import { type Reply, ReplyCollector } from '../../core/collect.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { runAtOnce } from '../../core/steps.ts';
import { openaiChat } from './index.ts';

const RUNS = { seed: 42, numRuns: scaled({ usual: 75, full: 150 }) };
const TOOL_NAMES = ['read_file', 'list-files'];
const MESSAGES = [{ role: 'user' as const, content: 'hi' }];
const FUNCTIONS = TOOL_NAMES.map((name) => ({ type: 'function' as const, function: { name, parameters: {} } }));

function collect(events: readonly ReplyEvent[]): Reply {
  const collector = new ReplyCollector();
  for (const event of events) collector.push(event);
  return collector.reply();
}

/** Replaces the network: parses the request and responds with these events, split at these bytes. */
function answering(events: readonly ReplyEvent[], cuts: readonly number[]): typeof fetch {
  return async (_url, init) => {
    const body: unknown = JSON.parse(String(init?.body));
    const request = runAtOnce(openaiChat.parseRequest(body, { header: () => undefined, nowMs: 1_795_150_000_000 }));
    if (!request.stream) return Response.json(openaiChat.writeReply(collect(events), request, 'chatcmpl-1'));
    const writer = openaiChat.createWriter(request, 'chatcmpl-1');
    const sse = openaiChat.keepAlive + events.map((event) => writer.write(event)).join('');
    const bytes = pieces(Buffer.from(sse).toString('latin1'), cuts).map((piece) => Buffer.from(piece, 'latin1'));
    return new Response(ReadableStream.from(bytes), { headers: { 'content-type': 'text/event-stream' } });
  };
}

const cuts = fc.array(fc.nat({ max: 20_000 }), { maxLength: 6 });
const connect = (events: readonly ReplyEvent[], at: readonly number[]) =>
  new OpenAI({ apiKey: 'key', baseURL: 'http://127.0.0.1:1/v1', maxRetries: 0, fetch: answering(events, at) });

describe("OpenAI's SDK", () => {
  it('accumulates a stream into the complete reply', async () => {
    await fc.assert(
      fc.asyncProperty(replyEvents({ toolNames: TOOL_NAMES, webSearch: true }), cuts, async (events, at) => {
        const params = { model: 'm', messages: MESSAGES, tools: FUNCTIONS };
        const client = connect(events, at);
        const streamed = await client.chat.completions
          .stream({ ...params, stream_options: { include_usage: true } })
          .finalChatCompletion();
        const whole = await client.chat.completions.create(params);
        expect(comparable(streamed)).toEqual(comparable(whole));
      }),
      RUNS,
    );
  });

  it('accumulates calls of custom tools and legacy functions in the same way', async () => {
    const input = fc.oneof(fc.record({ input: fc.string({ unit: anyCodePoint }) }), fc.constant({ other: 1 }));
    const custom = TOOL_NAMES.map((name) => ({ type: 'custom' as const, custom: { name } }));
    const legacy = TOOL_NAMES.map((name) => ({ name }));
    const forms = fc.constantFrom({ tools: custom }, { functions: legacy });
    await fc.assert(
      fc.asyncProperty(
        replyEvents({ toolNames: TOOL_NAMES, toolInput: input }),
        cuts,
        forms,
        async (events, at, form) => {
          const client = connect(events, at);
          const params = { model: 'm', messages: MESSAGES, ...form };
          const streamed = await client.chat.completions.stream(params).finalChatCompletion();
          const whole = await client.chat.completions.create(params);
          expect(comparable({ ...streamed, ...(whole.usage && { usage: whole.usage }) })).toEqual(comparable(whole));
        },
      ),
      RUNS,
    );
  });

  it('raises the error of a reply that breaks off, at any point', async () => {
    await fc.assert(
      fc.asyncProperty(brokenReplyEvents({ toolNames: TOOL_NAMES }), cuts, async (events, at) => {
        const stream = await connect(events, at).chat.completions.create({
          model: 'm',
          messages: MESSAGES,
          stream: true,
        });
        const finishReasons: unknown[] = [];
        const read = async () => {
          for await (const chunk of stream)
            finishReasons.push(...chunk.choices.flatMap((one) => one.finish_reason ?? []));
        };
        await expect(read()).rejects.toBeInstanceOf(APIError);
        expect(finishReasons).toEqual([]);
      }),
      RUNS,
    );
  });
});

/**
 * What the helper adds of its own is left out, and reasoning, of which it keeps only the last delta since OpenAI has no
 * such field. A stream begins every message with an empty content, where a whole one may have null, and has no room for
 * an empty list of annotations.
 */
function comparable({ choices, ...completion }: OpenAI.ChatCompletion): unknown {
  return {
    ...completion,
    choices: choices.map(({ message, ...choice }) => ({ ...choice, message: comparableMessage(message) })),
  };
}

function comparableMessage(message: OpenAI.ChatCompletionMessage): unknown {
  const { parsed: _, reasoning_content: __, ...own } = { parsed: null, reasoning_content: '', ...message };
  const calls = own.tool_calls?.map(({ ...call }) => {
    if (call.type === 'function') Reflect.deleteProperty(call.function, 'parsed_arguments');
    return call;
  });
  // For a message with a legacy call, the helper keeps only the call and the content.
  const kept = own.function_call
    ? { role: own.role, refusal: own.refusal, function_call: own.function_call }
    : { ...own, annotations: own.annotations ?? [], ...(calls ? { tool_calls: calls } : {}) };
  return { ...kept, content: own.content ?? '' };
}

const settings = (events: readonly ReplyEvent[], at: readonly number[]) => ({
  apiKey: 'key',
  baseURL: 'http://127.0.0.1:1/v1',
  fetch: answering(events, at),
});
const VERCEL = [
  {
    name: '@ai-sdk/openai-compatible',
    // The parts of the reply that this provider passes on.
    showsReasoning: true,
    createModel: (events: readonly ReplyEvent[], at: readonly number[]): LanguageModel =>
      createOpenAICompatible({ name: 'dragoman', includeUsage: true, ...settings(events, at) }).chatModel('m'),
  },
  {
    name: '@ai-sdk/openai',
    showsReasoning: false,
    createModel: (events: readonly ReplyEvent[], at: readonly number[]): LanguageModel =>
      createOpenAI(settings(events, at)).chat('m'),
  },
];
const anyObject = jsonSchema<object>({ type: 'object' });
const TOOLS: ToolSet = Object.fromEntries(
  TOOL_NAMES.map((name) => [name, tool({ description: name, inputSchema: anyObject })]),
);

describe.each(VERCEL)('the Vercel AI SDK with $name', ({ createModel, showsReasoning }) => {
  it('reads the same from a stream and a complete reply, without loss', async () => {
    await fc.assert(
      fc.asyncProperty(replyEvents({ toolNames: TOOL_NAMES, webSearch: true }), cuts, async (events, at) => {
        const options = { model: createModel(events, at), prompt: 'hi', tools: TOOLS, maxRetries: 0 };
        const whole = await generateText(options);
        const streamed = streamText(options);
        const reply = collect(events);
        for (const result of [streamed, whole]) {
          // This SDK shows the explanation of a refusal as text.
          expect(await result.text).toBe(textOf(reply, 'text') + (reply.refusal?.explanation ?? ''));
          if (showsReasoning) expect((await result.reasoningText) ?? '').toBe(textOf(reply, 'reasoning'));
          expect(
            (await result.toolCalls).map(({ toolCallId, toolName, input }) => [toolCallId, toolName, input]),
          ).toEqual(callsOf(reply));
          const usage = await result.usage;
          expect(usage.inputTokens).toBe(reply.usage.inputTokens.value);
          expect(usage.outputTokens).toBe(reply.usage.outputTokens.value);
        }
        expect(await streamed.finishReason).toBe(whole.finishReason);
        expect((await streamed.sources).map(withoutId)).toEqual(whole.sources.map(withoutId));
      }),
      RUNS,
    );
  });

  it('raises the error of a reply that breaks off', async () => {
    await fc.assert(
      fc.asyncProperty(brokenReplyEvents({ toolNames: TOOL_NAMES }), cuts, async (events, at) => {
        const errors: unknown[] = [];
        const { stream } = streamText({
          model: createModel(events, at),
          prompt: 'hi',
          tools: TOOLS,
          maxRetries: 0,
          onError: ({ error }) => void errors.push(error),
        });
        for await (const part of stream) if (part.type === 'finish-step') expect(part.finishReason).toBe('error');
        expect(errors).toHaveLength(1);
      }),
      RUNS,
    );
  });
});

function textOf({ blocks }: Reply, type: 'text' | 'reasoning'): string {
  return blocks.map((block) => (block.type === type ? block.text : '')).join('');
}

function callsOf({ blocks }: Reply): unknown[] {
  return blocks.flatMap((block) =>
    block.type === 'tool-use' ? [[block.toolUseId, block.name, JSON.parse(block.json)]] : [],
  );
}

function withoutId({ id: _, ...source }: { readonly id: string }): object {
  return source;
}
