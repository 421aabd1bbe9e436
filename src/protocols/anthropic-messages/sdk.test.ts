/** The official SDK and the Vercel AI SDK read the same from a streamed and a complete reply. */

import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, jsonSchema, streamText, type ToolSet, tool } from 'ai';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenReplyEvents, pieces, replyEvents } from '../../../test/support/reply-events.ts';
import { scaled } from '../../../test/support/scale.ts';
import { ReplyCollector } from '../../core/collect.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { runAtOnce } from '../../core/steps.ts';
import type { ParsedRequest } from '../protocol.ts';
import { anthropicMessages } from './index.ts';
import type { Echo } from './parse.ts';

const REPLY_ID = 'msg_0123456789';

const THINKING = {
  hidden: undefined,
  shown: { type: 'adaptive', display: 'summarized' },
  omitted: { type: 'adaptive', display: 'omitted' },
} as const;
const display = fc.constantFrom<keyof typeof THINKING>('hidden', 'shown', 'omitted');
const cuts = fc.array(fc.nat({ max: 20_000 }), { maxLength: 12 });

function request(thinking: keyof typeof THINKING): ParsedRequest<Echo> {
  const messages = [{ role: 'user', content: 'hi' }];
  const body = { model: 'claude-x', max_tokens: 9, messages, thinking: THINKING[thinking] };
  return runAtOnce(anthropicMessages.parseRequest(body, { header: () => undefined, nowMs: 0 }));
}

function streamed(events: readonly ReplyEvent[], parsed: ParsedRequest<Echo>): string {
  const writer = anthropicMessages.createWriter(parsed, REPLY_ID);
  return events.map((event) => writer.write(event)).join('');
}

function whole(events: readonly ReplyEvent[], parsed: ParsedRequest<Echo>): unknown {
  const collector = new ReplyCollector();
  for (const event of events) collector.push(event);
  return anthropicMessages.writeReply(collector.reply(), parsed, REPLY_ID);
}

/** Returns the same reply to every request, streamed if the request asks for a stream. */
function fetchOf(events: readonly ReplyEvent[], parsed: ParsedRequest<Echo>, at: readonly number[]): typeof fetch {
  return async (_url, init) => {
    const { stream }: { stream?: boolean } = JSON.parse(String(init?.body));
    if (!stream) return Response.json(whole(events, parsed));
    // The network splits anywhere, even between the bytes of a character.
    const bytes = Buffer.from(anthropicMessages.keepAlive + streamed(events, parsed)).toString('latin1');
    const chunks = pieces(bytes, at).map((chunk) => Buffer.from(chunk, 'latin1'));
    return new Response(ReadableStream.from(chunks), { headers: { 'content-type': 'text/event-stream' } });
  };
}

function clientOf(events: readonly ReplyEvent[], parsed: ParsedRequest<Echo>, at: readonly number[]): Anthropic {
  const options = { apiKey: 'k', baseURL: 'http://127.0.0.1:1', maxRetries: 0, logLevel: 'off' as const };
  return new Anthropic({ ...options, fetch: fetchOf(events, parsed, at) });
}

const ASK = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user' as const, content: 'hi' }] };

/** Without non-JSON values and the SDK's additions. */
function plain(message: object): unknown {
  const { parsed_output, ...rest } = JSON.parse(JSON.stringify(message));
  return rest;
}

describe('the official SDK', () => {
  it('reads the same message from the stream as from the complete reply', async () => {
    await fc.assert(
      fc.asyncProperty(replyEvents({ webSearch: true }), display, cuts, async (events, thinking, at) => {
        const parsed = request(thinking);
        const client = clientOf(events, parsed, at);
        const expected = JSON.parse(JSON.stringify(whole(events, parsed)));
        expect(plain(await client.messages.stream(ASK).finalMessage())).toEqual(expected);
        expect(plain(await client.messages.create(ASK))).toEqual(expected);
      }),
      { seed: 42, numRuns: scaled({ usual: 100, full: 300 }) },
    );
  });

  it('reads the same in its beta API', async () => {
    await fc.assert(
      fc.asyncProperty(replyEvents({ webSearch: true }), display, cuts, async (events, thinking, at) => {
        const parsed = request(thinking);
        const client = clientOf(events, parsed, at);
        const expected = JSON.parse(JSON.stringify(whole(events, parsed)));
        expect(plain(await client.beta.messages.stream(ASK).finalMessage())).toEqual(expected);
      }),
      { seed: 43, numRuns: scaled({ usual: 75, full: 200 }) },
    );
  });

  it('throws if a reply breaks off, at any point', async () => {
    await fc.assert(
      fc.asyncProperty(brokenReplyEvents(), display, cuts, async (events, thinking, at) => {
        const client = clientOf(events, request(thinking), at);
        await expect(client.messages.stream(ASK).finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError);
      }),
      { seed: 44, numRuns: scaled({ usual: 75, full: 200 }) },
    );
  });
});

describe('the Vercel AI SDK', () => {
  const tools: ToolSet = Object.fromEntries(
    ['read_file', 'list-files'].map((name) => [name, tool({ inputSchema: jsonSchema({ type: 'object' }) })]),
  );

  it('returns the same from streamText as from generateText', async () => {
    await fc.assert(
      fc.asyncProperty(replyEvents({ webSearch: true }), display, cuts, async (events, thinking, at) => {
        const provider = createAnthropic({
          apiKey: 'k',
          baseURL: 'http://127.0.0.1:1/v1',
          fetch: fetchOf(events, request(thinking), at),
        });
        const ask = { model: provider('claude-sonnet-4-5'), prompt: 'hi', tools, maxOutputTokens: 9, maxRetries: 0 };
        const generated = await generateText(ask);
        const result = streamText({ ...ask, onError: () => undefined });
        // The stream also has a part with the message's id.
        const content = (await result.content).filter(({ type }) => type !== 'custom');
        expect(comparable(content)).toEqual(comparable(generated.content));
        expect((await result.sources).map(withoutOwnId)).toEqual(generated.sources.map(withoutOwnId));
        expect(await result.text).toBe(generated.text);
        expect(await result.finishReason).toBe(generated.finishReason);
        expect(tokens(await result.usage)).toEqual(tokens(generated.usage));
      }),
      { seed: 45, numRuns: scaled({ usual: 75, full: 150 }) },
    );
  });
});

/**
 * Streamed, sources come where they were cited, otherwise after the text. A search which the SDK was not told of is
 * `dynamic` in one of its two ways and says nothing of that in the other.
 */
function comparable(content: readonly { readonly type: string; readonly dynamic?: unknown }[]): object[] {
  return content.filter(({ type }) => type !== 'source').map(({ dynamic, ...part }) => part);
}

/** The SDK gives sources random ids. */
function withoutOwnId(source: object): object {
  return { ...source, id: '' };
}

/** The raw figures differ by what `message_start` and the whole reply say besides. */
function tokens({
  inputTokens,
  outputTokens,
  totalTokens,
  cachedInputTokens,
  reasoningTokens,
}: Record<string, unknown>) {
  return { inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens };
}
