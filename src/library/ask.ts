/** Asking the gateway without a client protocol in between: a question in, reply events or the whole reply out. */
import { type Reply, ReplyCollector } from '../core/collect.ts';
import type { Conversation } from '../core/conversation.ts';
import type { ReplyEvent } from '../core/reply.ts';
import type { Answer, Gateway } from '../gateway/ports.ts';

export interface Question {
  readonly prompt: string;
  /** The service's default without one. */
  readonly model?: string | undefined;
  /** Instructions for the model. */
  readonly system?: string | undefined;
}

/** An answer on its way. It can be read once: as events, as text or whole. */
export interface ReplyStream extends AsyncIterable<ReplyEvent> {
  /** The pieces of the answer's text, as they come. Throws the GatewayError of a reply that broke. */
  readonly text: AsyncIterable<string>;
  /** Everything, once it has all come. Throws the GatewayError of a reply that broke. */
  whole(): Promise<Reply>;
  /** Repairs made to the request, and the way it took. */
  readonly adjustments: Answer['adjustments'];
  readonly route: Answer['route'];
}

/** Resolves when the model has begun to answer. Rejects with GatewayError; aborting the signal stops the upstream. */
export async function ask(
  gateway: Gateway,
  requestId: string,
  question: string | Question | Conversation,
  signal: AbortSignal,
): Promise<ReplyStream> {
  const conversation = await toConversation(gateway, question, signal);
  const answer = await gateway.ask({ requestId, client: 'local', conversation, adjustments: [] }, signal);
  return {
    [Symbol.asyncIterator]: () => eventsOf(answer),
    text: { [Symbol.asyncIterator]: () => textOf(answer) },
    whole: () => wholeOf(answer),
    adjustments: answer.adjustments,
    route: answer.route,
  };
}

async function toConversation(
  gateway: Gateway,
  question: string | Question | Conversation,
  signal: AbortSignal,
): Promise<Conversation> {
  if (typeof question === 'object' && 'turns' in question) return question;
  const { prompt, model, system } = typeof question === 'string' ? { prompt: question } : question;
  return {
    model: model ?? (await gateway.models(signal)).defaultModelId ?? 'auto',
    system: system === undefined ? [] : [{ at: 'system', text: system, cachePoint: false }],
    turns: [{ at: 'prompt', role: 'user', parts: [{ type: 'text', at: 'prompt', text: prompt }] }],
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolUse: true,
    reasoning: { mode: 'unset' },
    output: { maxTokens: undefined, stopSequences: [], format: { type: 'text' } },
    key: undefined,
  };
}

async function* eventsOf({ batches }: Answer): AsyncGenerator<ReplyEvent, void> {
  for await (const events of batches) yield* events;
}

async function* textOf(answer: Answer): AsyncGenerator<string, void> {
  for await (const event of eventsOf(answer)) {
    if (event.type === 'text-delta') yield event.text.plain;
    if (event.type === 'reply-error') throw event.error;
  }
}

async function wholeOf(answer: Answer): Promise<Reply> {
  const collector = new ReplyCollector();
  for await (const event of eventsOf(answer)) collector.push(event);
  return collector.reply();
}

export function textIn({ blocks }: Reply): string {
  return blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
}
