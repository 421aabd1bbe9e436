/** Asks the gateway without a client protocol: takes a question, returns reply events or the complete reply. */
import { type Reply, ReplyCollector } from '../core/collect.ts';
import type { Conversation } from '../core/conversation.ts';
import type { ReplyEvent } from '../core/reply.ts';
import type { Answer, Gateway } from '../gateway/ports.ts';

export interface Question {
  readonly prompt: string;
  /** Default: the service's default model. */
  readonly model?: string | undefined;
  /** Instructions for the model. */
  readonly system?: string | undefined;
}

/** A reply in progress. It can be read once: as events, as text or complete. */
export interface ReplyStream extends AsyncIterable<ReplyEvent> {
  /** The text deltas as they arrive. Throws the GatewayError of a failed reply. */
  readonly text: AsyncIterable<string>;
  /** The complete reply. Throws the GatewayError of a failed reply. */
  whole(): Promise<Reply>;
  /** Changes made to the request, and the account and model that served it. */
  readonly adjustments: Answer['adjustments'];
  readonly route: Answer['route'];
}

/**
 * Resolves when the model starts to answer. Rejects with GatewayError. Aborting the signal cancels the upstream
 * request.
 */
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
    whole: () => completeReplyOf(answer),
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

async function completeReplyOf(answer: Answer): Promise<Reply> {
  const collector = new ReplyCollector();
  for await (const event of eventsOf(answer)) collector.push(event);
  return collector.reply();
}

export function textIn({ blocks }: Reply): string {
  return blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
}
