/**
 * The body of an upstream response, between undici's callbacks and the gateway. Chunks that arrive within one tick are
 * delivered as one; a slow consumer pauses the socket; stopping early destroys it.
 */
import { GatewayError } from '../core/errors.ts';
import type { Consume, PushingIterator } from '../core/push.ts';

/** The socket is paused above this many unread bytes and resumed once they are read. */
const HIGH_WATER_BYTES = 256 * 1024;

export interface BodySource {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

interface Consumer {
  readonly consume: Consume<Uint8Array>;
  readonly end: (failure: unknown) => void;
  readonly reject: (cause: unknown) => void;
  /** A promise of `consume` is pending. */
  isBusy: boolean;
}

/** `then` on it schedules a microtask without the async resource that `queueMicrotask` creates. */
const SETTLED = Promise.resolve();

const LEFT = Promise.resolve({ done: true as const, value: undefined });

export class AnswerBody implements PushingIterator<Uint8Array> {
  readonly #source: BodySource;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failure: GatewayError | undefined = undefined;
  #wake: (() => void) | undefined = undefined;
  #consumer: Consumer | undefined = undefined;
  #isFlushing = false;

  constructor(source: BodySource) {
    this.#source = source;
  }

  push(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** Data that arrived before the failure is still delivered. */
  fail(failure: GatewayError): void {
    if (this.#ended) return;
    this.#failure = failure;
    this.end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get isComplete(): boolean {
    return this.#ended && this.#chunks.length === 0 && this.#failure === undefined;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#chunks.length > 0 || this.#ended) return SETTLED.then(this.#deliver);
    // More chunks may arrive before the consumer runs: it gets them together.
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    }).then(this.#deliver);
  }

  readonly #deliver = (): IteratorResult<Uint8Array, undefined> => {
    const chunk = this.#take();
    if (chunk) return { done: false, value: chunk };
    const failure = this.#takeFailure();
    if (failure) throw failure;
    return { done: true, value: undefined };
  };

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#stop();
    return LEFT;
  }

  pushTo(consume: Consume<Uint8Array>): Promise<unknown> {
    return new Promise((end, reject) => {
      this.#consumer = { consume, end, reject, isBusy: false };
      this.#flush();
    });
  }

  readonly #endTick = (): void => {
    this.#isFlushing = false;
    this.#flush();
  };

  #flush(): void {
    const consumer = this.#consumer;
    if (!consumer || consumer.isBusy) return;
    try {
      const chunk = this.#take();
      const wait = chunk && consumer.consume(chunk);
      if (wait) {
        consumer.isBusy = true;
        wait.then(
          () => this.#resumePush(consumer),
          (cause: unknown) => this.#reject(consumer, cause),
        );
        return;
      }
    } catch (cause) {
      this.#reject(consumer, cause);
      return;
    }
    if (this.#chunks.length > 0) this.#notify();
    else if (this.#ended) {
      this.#consumer = undefined;
      consumer.end(this.#takeFailure());
    }
  }

  #resumePush(consumer: Consumer): void {
    consumer.isBusy = false;
    this.#flush();
  }

  #reject({ reject }: Consumer, cause: unknown): void {
    this.#consumer = undefined;
    this.#stop();
    reject(cause);
  }

  #stop(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#failure = undefined;
    if (this.#ended) return;
    this.end();
    this.#source.abort(new GatewayError('client_closed', 'The reply is no longer needed.'));
    // The source reports the abort as a failure.
    this.#failure = undefined;
  }

  #takeFailure(): GatewayError | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  #take(): Uint8Array | undefined {
    const chunks = this.#chunks;
    const [first] = chunks;
    if (first === undefined) return undefined;
    const chunk = chunks.length === 1 ? first : Buffer.concat(chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    if (this.#paused) {
      this.#paused = false;
      if (!this.#ended) this.#source.resume();
    }
    return chunk;
  }

  #notify(): void {
    if (this.#consumer && !this.#isFlushing) {
      this.#isFlushing = true;
      SETTLED.then(this.#endTick);
    }
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
