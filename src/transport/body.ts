/**
 * The body of an upstream response, between undici's push callbacks and the gateway's pull loop. Data that arrived
 * between two pulls is delivered as one chunk; a slow consumer pauses the socket; stopping early destroys it.
 */
import { GatewayError } from '../core/errors.ts';

/** The socket is paused above this many unread bytes and resumed once they are read. */
const HIGH_WATER_BYTES = 256 * 1024;

export interface BodySource {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

export class AnswerBody implements AsyncIterableIterator<Uint8Array> {
  readonly #source: BodySource;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failure: GatewayError | undefined;
  #wake: (() => void) | undefined;

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

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#chunks.length > 0 || this.#ended) return this.#deliver();
    // More chunks may arrive before the consumer runs: it gets them together.
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    }).then(this.#deliver);
  }

  readonly #deliver = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const chunk = this.#take();
    if (chunk) return { done: false, value: chunk };
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    return { done: true, value: undefined };
  };

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#chunks = [];
    this.#bytes = 0;
    if (!this.#ended) {
      this.end();
      this.#source.abort(new GatewayError('client_closed', 'The reply is no longer needed.'));
    }
    this.#failure = undefined;
    return { done: true, value: undefined };
  }

  #take(): Uint8Array | undefined {
    const [first, ...more] = this.#chunks;
    if (first === undefined) return undefined;
    const chunk = more.length === 0 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    if (this.#paused) {
      this.#paused = false;
      if (!this.#ended) this.#source.resume();
    }
    return chunk;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
