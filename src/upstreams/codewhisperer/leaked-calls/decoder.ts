/** A decoder whose replies have tool calls in place of those that the model printed as text. */
import type { Tool } from '../../../core/conversation.ts';
import type { ReplyEvent } from '../../../core/reply.ts';
import type { AnswerContext, ReplyDecoder } from '../../upstream.ts';
import { LeakedCalls } from './index.ts';

export class CallRecoveringDecoder implements ReplyDecoder {
  readonly #decoder: ReplyDecoder;
  readonly #leaked: LeakedCalls;

  /** `callable`: the tools that the model may call, as the client declared them. */
  constructor(decoder: ReplyDecoder, callable: readonly Tool[], { note }: Pick<AnswerContext, 'note'>) {
    this.#decoder = decoder;
    this.#leaked = new LeakedCalls(callable, note);
  }

  get hasClosingEvents(): boolean {
    return this.#decoder.hasClosingEvents;
  }

  get lacksClosingEvents(): boolean {
    return this.#decoder.lacksClosingEvents;
  }

  get skipped(): ReadonlyMap<string, number> {
    return this.#decoder.skipped;
  }

  push(bytes: Uint8Array): ReplyEvent[] {
    return this.#leaked.push(this.#decoder.push(bytes));
  }

  end(cause?: unknown): ReplyEvent[] {
    return this.#leaked.push(this.#decoder.end(cause));
  }
}
