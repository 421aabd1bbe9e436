/**
 * Reads one upstream response as batches of reply events. `begin` reads up to the first visible event and may reject;
 * later failures are `reply-error` events. However the reply ends, `settled` is called exactly once, and the connection
 * is returned to its pool or destroyed.
 */
import { clientClosed, GatewayError } from '../core/errors.ts';
import { type Consume, isComplete, type PushingIterator, pushAll } from '../core/push.ts';
import { isVisible, type ReplyEvent } from '../core/reply.ts';
import type { ReplyDecoder } from '../upstreams/upstream.ts';
import type { ReplyTransform } from './emulate/transform.ts';

export interface ReplySource {
  readonly body: AsyncIterable<Uint8Array>;
  readonly decoder: ReplyDecoder;
  readonly transforms: readonly ReplyTransform[];
  readonly signal: AbortSignal;
  /** undefined: the reply succeeded. */
  settled(error: GatewayError | undefined): void;
}

export class ReplyStream implements PushingIterator<readonly ReplyEvent[]> {
  readonly #source: ReplySource;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #begun = false;
  #ended = false;
  #settled = false;
  #visible = false;
  #early: readonly ReplyEvent[] | undefined = undefined;

  constructor(source: ReplySource) {
    this.#source = source;
    this.#chunks = source.body[Symbol.asyncIterator]();
    if (source.signal.aborted) this.#leave();
    else source.signal.addEventListener('abort', this.#leave, { once: true });
  }

  /** Throws the GatewayError of a reply that failed before its first visible event; `settled` is not called then. */
  async begin(): Promise<void> {
    if (this.#ended) throw clientClosed();
    const early: ReplyEvent[] = [];
    while (!this.#visible && !this.#ended) early.push(...(await this.#readEvents()));
    const failure = this.#failureOf(early.at(-1));
    if (failure && !this.#visible) {
      this.#stopListening();
      throw failure;
    }
    this.#begun = true;
    if (this.#ended) this.#settle(failure ?? (this.#visible ? undefined : emptyReply()));
    this.#early = early;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<readonly ReplyEvent[], undefined>> {
    const early = this.#early;
    this.#early = undefined;
    if (early && early.length > 0) return { done: false, value: early };
    while (!this.#ended) {
      const events = await this.#readEvents();
      this.#settleIfEnded(events);
      if (events.length > 0) return { done: false, value: events };
    }
    return { done: true, value: undefined };
  }

  async pushTo(consume: Consume<readonly ReplyEvent[]>): Promise<unknown> {
    try {
      const lagging = this.#passEarly(consume);
      if (lagging) await lagging;
      if (this.#ended) return undefined;
      const failure = await pushAll(this.#chunks, (chunk) => this.#pass(this.#decode(chunk), consume));
      // Unless a transform has ended the reply, or it was left.
      const last = this.#ended ? undefined : this.#pass(this.#endingOf(failure), consume);
      if (last) await last;
    } catch (cause) {
      this.#leave();
      throw cause;
    }
    return undefined;
  }

  /** Apart from `pushTo`, which would refer to the events for as long as the reply is open. */
  #passEarly(consume: Consume<readonly ReplyEvent[]>): Promise<void> | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early && early.length > 0 ? consume(early) : undefined;
  }

  #pass(decoded: readonly ReplyEvent[], consume: Consume<readonly ReplyEvent[]>): Promise<void> | undefined {
    if (this.#ended) return undefined;
    const events = this.#transform(decoded);
    this.#settleIfEnded(events);
    return events.length > 0 ? consume(events) : undefined;
  }

  #settleIfEnded(events: readonly ReplyEvent[]): void {
    if (!this.#ended) return;
    const last = events.at(-1);
    this.#settle(last?.type === 'reply-error' ? last.error : undefined);
  }

  /** Called when the loop is left early, because the client has disconnected. */
  async return(): Promise<IteratorResult<readonly ReplyEvent[], undefined>> {
    this.#early = undefined;
    if (!this.#ended) this.#leave();
    return { done: true, value: undefined };
  }

  readonly #leave = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#closeBody();
    if (this.#begun) this.#settle(clientClosed());
  };

  #readEvents(): Promise<readonly ReplyEvent[]> {
    return this.#chunks.next().then(this.#eventsOfStep, this.#eventsOfFailure);
  }

  readonly #eventsOfStep = ({ done, value }: IteratorResult<Uint8Array, undefined>): readonly ReplyEvent[] => {
    let decoded: readonly ReplyEvent[];
    try {
      decoded = done ? this.#endingOf(undefined) : this.#decode(value);
    } catch (cause) {
      decoded = this.#endingOf(cause);
    }
    return this.#unlessLeft(decoded);
  };

  readonly #eventsOfFailure = (cause: unknown): readonly ReplyEvent[] => this.#unlessLeft(this.#endingOf(cause));

  #unlessLeft(decoded: readonly ReplyEvent[]): readonly ReplyEvent[] {
    return this.#ended ? [{ type: 'reply-error', error: clientClosed() }] : this.#transform(decoded);
  }

  /** With the ending of the reply if nothing follows, so that short replies are written at once. */
  #decode(chunk: Uint8Array): readonly ReplyEvent[] {
    const events = this.#source.decoder.push(chunk);
    return isComplete(this.#chunks) && !isLast(events.at(-1)) ? [...events, ...this.#endingOf(undefined)] : events;
  }

  #endingOf(cause: unknown): readonly ReplyEvent[] {
    return withEnding(this.#source.decoder.end(cause), cause);
  }

  #transform(decoded: readonly ReplyEvent[]): readonly ReplyEvent[] {
    this.#visible ||= decoded.some(isVisible);
    let events = decoded;
    let finished = isLast(decoded.at(-1));
    for (const transform of this.#source.transforms) {
      events = transform.push(events);
      finished ||= transform.finished;
    }
    if (finished) {
      this.#ended = true;
      this.#closeBody();
    }
    return events;
  }

  /** Not awaited: it may be waiting for bytes that never come. */
  #closeBody(): void {
    if (isComplete(this.#chunks)) return;
    this.#chunks.return?.().catch(() => {});
  }

  #failureOf(last: ReplyEvent | undefined): GatewayError | undefined {
    if (last?.type === 'reply-error') return last.error;
    const isEmpty = last?.type === 'reply-end' && !this.#visible;
    return isEmpty && (last.stopReason === 'end-turn' || last.stopReason === 'tool-use') ? emptyReply() : undefined;
  }

  #settle(error: GatewayError | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#stopListening();
    this.#source.settled(error);
  }

  #stopListening(): void {
    this.#source.signal.removeEventListener('abort', this.#leave);
  }
}

function isLast(event: ReplyEvent | undefined): boolean {
  return event?.type === 'reply-end' || event?.type === 'reply-error';
}

/** Ensures that the events of an ended body have an ending, and reports a timeout as such, not as a broken connection. */
function withEnding(events: readonly ReplyEvent[], cause: unknown): readonly ReplyEvent[] {
  const last = events.at(-1);
  if (cause instanceof GatewayError && cause.code !== 'upstream_broken' && last?.type === 'reply-error')
    return [...events.slice(0, -1), { type: 'reply-error', error: cause }];
  if (isLast(last)) return events;
  const error = new GatewayError('upstream_broken', 'The upstream reply stopped before its end.', { cause });
  return [...events, { type: 'reply-error', error }];
}

function emptyReply(): GatewayError {
  return new GatewayError('empty_reply', 'The upstream reply had neither text nor a tool call.');
}
