/**
 * Decodes the service's reply from bytes to reply events: frames, message types, and how a reply ends. read-event.ts
 * reads single events.
 */
import { GatewayError } from '../../core/errors.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import type { Usage } from '../../core/usage.ts';
import { EventStreamDecoder, type Frame } from '../../framing/event-stream.ts';
import type { ReplyDecoder } from '../upstream.ts';
import { explainException } from './failures.ts';
import { OtherBody } from './other-body.ts';
import { type DecodeContext, EventReader } from './read-event.ts';

export function createDecoder(context: DecodeContext): ReplyDecoder {
  return new CodeWhispererDecoder(context);
}

class CodeWhispererDecoder implements ReplyDecoder {
  readonly #context: DecodeContext;
  readonly #frames = new EventStreamDecoder();
  readonly #reader: EventReader;
  #state: 'new' | 'reading' | 'ended' = 'new';
  /** Set when the body is not an event stream. */
  #other: OtherBody | undefined;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#reader = new EventReader(context);
  }

  get hasClosingEvents(): boolean {
    return this.#reader.hasClosingEvents;
  }

  get lacksClosingEvents(): boolean {
    return this.#state === 'ended' && !this.#reader.isComplete;
  }

  usage(): Usage {
    return this.#reader.usage();
  }

  get skipped(): ReadonlyMap<string, number> {
    return this.#reader.skipped;
  }

  push(bytes: Uint8Array): ReplyEvent[] {
    if (this.#state === 'ended') return [];
    try {
      if (this.#state === 'new') this.#other = OtherBody.recognize(bytes, this.#context);
      this.#state = 'reading';
      if (this.#other) this.#other.push(bytes);
      else this.#readFrames(bytes);
    } catch (cause) {
      this.#fail(cause);
    }
    return this.#reader.take();
  }

  end(cause?: unknown): ReplyEvent[] {
    if (this.#state === 'ended') return [];
    try {
      this.#endBody(cause);
    } catch (failure) {
      this.#fail(failure);
    }
    return this.#reader.take();
  }

  #readFrames(bytes: Uint8Array): void {
    for (const frame of this.#frames.push(bytes)) {
      this.#read(frame);
      if (this.#state === 'ended') return;
    }
    const { error } = this.#frames;
    if (error)
      throw new GatewayError('upstream_broken', 'The reply was corrupted in transit. Try again.', { cause: error });
  }

  #endBody(cause: unknown): void {
    if (this.#other) throw this.#other.explain();
    if (cause instanceof GatewayError) throw cause;
    if (cause !== undefined)
      throw new GatewayError('upstream_broken', 'The connection to the service broke before the reply was complete.', {
        cause,
      });
    try {
      this.#frames.end();
    } catch (cut) {
      throw new GatewayError('upstream_broken', 'The service closed the connection before the reply was complete.', {
        cause: cut,
      });
    }
    if (this.#context.endsWithConnection && !this.#reader.isComplete)
      throw new GatewayError('upstream_broken', 'The connection closed before the reply was complete.');
    this.#finish();
  }

  /** An error ends the reply, after the events read before it. */
  #fail(cause: unknown): void {
    this.#state = 'ended';
    this.#reader.fail(GatewayError.from(cause));
  }

  #read(frame: Frame): void {
    const { messageType } = frame.headers;
    switch (messageType) {
      case 'event':
        this.#reader.read(frame);
        break;
      case 'exception':
        this.#exception(frame);
        break;
      case 'error':
        throw explainException(frame.header(':error-code') ?? '', frame.header(':error-message') ?? '');
      default:
        this.#reader.skip(`message type ${messageType}`);
    }
  }

  #exception(frame: Frame): void {
    const name = frame.header(':exception-type') ?? '';
    // The model reached its output limit: the reply ended, although this is reported as a failure.
    if (/(?:^|#)ContentLengthExceeded/.test(name)) {
      this.#reader.stopAtOutputLimit();
      this.#finish();
      return;
    }
    throw explainException(name, frame.text());
  }

  #finish(): void {
    this.#reader.finish();
    this.#state = 'ended';
  }
}
