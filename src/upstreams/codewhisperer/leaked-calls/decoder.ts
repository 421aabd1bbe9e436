/** A decoder that turns tool calls printed as text into calls. */
import type { Tool } from '../../../core/conversation.ts';
import type { ReplyEvent } from '../../../core/reply.ts';
import type { AnswerContext, ReplyDecoder } from '../../upstream.ts';
import { LeakedCalls } from './index.ts';

export class CallRecoveringDecoder implements ReplyDecoder {
  readonly #decoder: ReplyDecoder;
  readonly #leaked: LeakedCalls;

  /** `callable`: the tools that the model may call, as declared by the client. */
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
