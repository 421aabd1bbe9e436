/** Whole sessions of the official SDK and the Vercel AI SDK, against this protocol with a scripted model behind it. */

import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { generateText, isStepCount, jsonSchema, Output, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import { ReplyCollector } from '../../core/collect.ts';
import type { Conversation } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { runAtOnce } from '../../core/steps.ts';
import { TextPiece } from '../../core/text.ts';
import { measured } from '../../core/usage.ts';
import { anthropicMessages } from './index.ts';

const LOOK: readonly ReplyEvent[] = [
  { type: 'reply-start', inputTokens: measured(1) },
  { type: 'reasoning-start' },
  { type: 'reasoning-delta', text: TextPiece.plain('I should look.') },
  { type: 'reasoning-end', signature: 'c2ln' },
  { type: 'text-start' },
  { type: 'text-delta', text: TextPiece.plain('Looking.') },
  { type: 'text-end' },
  { type: 'tool-use-start', toolUseId: 'tooluse_1', name: 'look' },
  { type: 'tool-use-delta', json: TextPiece.plain('{"where":"there"}') },
  { type: 'tool-use-end' },
  {
    type: 'reply-end',
    stopReason: 'tool-use',
    stopSequence: undefined,
    usage: { inputTokens: measured(1), outputTokens: measured(2) },
  },
];

function say(words: string): readonly ReplyEvent[] {
  return [
    { type: 'reply-start', inputTokens: measured(1) },
    { type: 'text-start' },
    { type: 'text-delta', text: TextPiece.plain(words) },
    { type: 'text-end' },
    {
      type: 'reply-end',
      stopReason: 'end-turn',
      stopSequence: undefined,
      usage: { inputTokens: measured(1), outputTokens: measured(2) },
    },
  ];
}

/** Returns one reply after the other, and records the requests. */
function scripted(...replies: (readonly ReplyEvent[])[]) {
  const conversations: Conversation[] = [];
  const refusals: GatewayError[] = [];
  const answer: typeof fetch = async (_url, init) => {
    try {
      const headers = new Headers(init?.headers);
      const context = { header: (name: string) => headers.get(name) ?? undefined, nowMs: 0 };
      const request = runAtOnce(anthropicMessages.parseRequest(JSON.parse(String(init?.body)), context));
      const events = replies[conversations.push(request.conversation) - 1] ?? [];
      if (request.stream) {
        const writer = anthropicMessages.createWriter(request, 'msg_1');
        const text = events.map((event) => writer.write(event)).join('');
        return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
      }
      const collector = new ReplyCollector();
      for (const event of events) collector.push(event);
      return Response.json(anthropicMessages.writeReply(collector.reply(), request, 'msg_1'));
    } catch (cause) {
      const error = GatewayError.from(cause);
      refusals.push(error);
      const { status, headers, body } = anthropicMessages.writeError(error, 'req_1');
      return Response.json(body, { status, headers });
    }
  };
  return { answer, conversations, refusals };
}

/** The last turns as text: what the model must see of the previous step. */
function history({ turns }: Conversation): string[] {
  return turns.flatMap(({ role, parts }) =>
    parts.map((part) => {
      switch (part.type) {
        case 'text':
          return `${role}: ${part.text}`;
        case 'reasoning':
          return `${role} thinks: ${part.text} (${part.signature})`;
        case 'tool-use':
          return `${role} uses ${part.name} ${part.toolUseId}: ${JSON.stringify(part.input)}`;
        case 'tool-result':
          return `${role} returns ${part.toolUseId}: ${part.content.map((item) => 'text' in item && item.text).join()}`;
        default:
          return `${role}: ${part.type}`;
      }
    }),
  );
}

const SECOND_ROUND = [
  'user: what is there?',
  'assistant thinks: I should look. (c2ln)',
  'assistant: Looking.',
  'assistant uses look tooluse_1: {"where":"there"}',
  'user returns tooluse_1: a cat',
];

function clientOf(answer: typeof fetch): Anthropic {
  return new Anthropic({ apiKey: 'k', baseURL: 'http://127.0.0.1:1', maxRetries: 0, logLevel: 'off', fetch: answer });
}

describe("the official SDK's tool runner", () => {
  const ask = {
    model: 'claude-x',
    max_tokens: 4000,
    messages: [{ role: 'user' as const, content: 'what is there?' }],
    tools: [
      betaTool({
        name: 'look',
        description: 'Looks.',
        inputSchema: { type: 'object', properties: { where: { type: 'string' } } },
        run: () => 'a cat',
      }),
    ],
  };

  it.each([
    { name: 'shown', display: 'summarized' as const, stream: false as const },
    { name: 'omitted', display: 'omitted' as const, stream: false as const },
    { name: 'shown and streamed', display: 'summarized' as const, stream: true as const },
    { name: 'omitted and streamed', display: 'omitted' as const, stream: true as const },
  ])('runs a session of two steps with thinking $name', async ({ display, stream }) => {
    const { answer, conversations, refusals } = scripted(LOOK, say('There is a cat.'));
    const thinking = { type: 'adaptive' as const, display };
    const runner = clientOf(answer).beta.messages.toolRunner({ ...ask, thinking, stream });
    const { content } = await runner.runUntilDone();
    expect(content).toMatchObject([{ type: 'text', text: 'There is a cat.' }]);
    expect(conversations.map(history).at(-1)).toEqual(SECOND_ROUND);
    // It requests a server-side thread first, and continues without one after the error.
    expect(refusals.map(({ param }) => param)).toEqual(['thread']);
  });
});

describe('the Vercel AI SDK', () => {
  const model = (answer: typeof fetch) =>
    createAnthropic({ apiKey: 'k', baseURL: 'http://127.0.0.1:1/v1', fetch: answer })('claude-sonnet-4-5');

  it('runs a session of two steps', async () => {
    const { answer, conversations } = scripted(LOOK, say('There is a cat.'));
    const { text } = await generateText({
      model: model(answer),
      prompt: 'what is there?',
      tools: { look: tool({ inputSchema: jsonSchema({ type: 'object' }), execute: async () => 'a cat' }) },
      providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } },
      stopWhen: isStepCount(2),
    });
    expect(text).toBe('There is a cat.');
    expect(conversations.map(history).at(-1)).toEqual(SECOND_ROUND);
    expect(conversations[0]?.reasoning).toEqual({ mode: 'on', effort: undefined, budgetTokens: 1024 });
  });

  it('returns objects that match a schema', async () => {
    const { answer, conversations } = scripted(say('{"animal":"cat"}'));
    const schema = jsonSchema<{ animal: string }>({
      type: 'object',
      properties: { animal: { type: 'string' } },
      required: ['animal'],
      additionalProperties: false,
    });
    const { output } = await generateText({
      model: model(answer),
      prompt: 'which?',
      output: Output.object({ schema }),
    });
    expect(output).toEqual({ animal: 'cat' });
    expect(conversations[0]?.output.format).toMatchObject({
      type: 'json-schema',
      schema: { properties: { animal: { type: 'string' } } },
    });
  });
});
