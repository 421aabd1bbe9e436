/**
 * The service's reply, from bytes to reply events: frames, the kinds of message they carry, and how a reply ends.
 * What the single events say is read in read-event.ts.
 */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { EventStreamDecoder, type Frame } from '../../framing/event-stream.ts';
import type { DecodeContext, ReplyDecoder } from '../upstream.ts';
import { explainException } from './failures.ts';
import { EventReader } from './read-event.ts';

export function createDecoder(context: DecodeContext): ReplyDecoder {
  return new CodeWhispererDecoder(context);
}

class CodeWhispererDecoder implements ReplyDecoder {
  readonly #context: DecodeContext;
  readonly #frames = new EventStreamDecoder();
  readonly #reader: EventReader;
  #state: 'new' | 'reading' | 'ended' = 'new';

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#reader = new EventReader(context);
  }

  get skipped(): ReadonlyMap<string, number> {
    return this.#reader.skipped;
  }

  push(bytes: Uint8Array): ReplyEvent[] {
    return this.#attempt(() => {
      for (const frame of this.#frames.push(bytes)) {
        this.#read(frame);
        if (this.#state === 'ended') return;
      }
      const { error } = this.#frames;
      if (error) throw new GatewayError('upstream_broken', 'The reply was damaged on its way.', { cause: error });
    });
  }

  end(cause?: unknown): ReplyEvent[] {
    return this.#attempt(() => {
      if (cause instanceof GatewayError) throw cause;
      if (cause !== undefined)
        throw new GatewayError('upstream_broken', 'The connection to the service broke within the reply.', { cause });
      try {
        this.#frames.end();
      } catch (cut) {
        throw new GatewayError('upstream_broken', 'The service closed the connection within the reply.', {
          cause: cut,
        });
      }
      if (this.#context.endsWithConnection && !this.#reader.hasClosing)
        throw new GatewayError(
          'upstream_broken',
          'The connection closed before the service had said that it was done.',
        );
      this.#finish();
    });
  }

  /** Whatever goes wrong ends the reply, after all that came before it. */
  #attempt(read: () => void): ReplyEvent[] {
    if (this.#state === 'ended') return [];
    const events: ReplyEvent[] = [];
    if (this.#state === 'new') events.push({ type: 'reply-start', inputTokens: this.#context.inputTokens });
    this.#state = 'reading';
    try {
      read();
    } catch (cause) {
      this.#state = 'ended';
      this.#reader.flush();
      events.push(...this.#reader.take(), { type: 'reply-error', error: GatewayError.from(cause) });
      return events;
    }
    const taken = this.#reader.take();
    return events.length === 0 ? taken : [...events, ...taken];
  }

  #read(frame: Frame): void {
    const messageType = frame.header(':message-type') ?? 'event';
    switch (messageType) {
      case 'event':
        this.#reader.read(frame.header(':event-type') ?? '', frame);
        break;
      case 'exception':
        this.#exception(frame);
        break;
      case 'error':
        throw explainException(frame.header(':error-code') ?? '', frame.header(':error-message'), undefined);
      default:
        this.#reader.skip(`message type ${messageType}`);
    }
  }

  #exception(frame: Frame): void {
    const name = frame.header(':exception-type') ?? '';
    // The model wrote until its output limit: an ending, though told as a failure.
    if (/(?:^|#)ContentLengthExceeded/.test(name)) {
      this.#reader.stopAtOutputLimit();
      this.#finish();
      return;
    }
    const { message, reason } = parseException(frame.text());
    throw explainException(name, message, reason);
  }

  #finish(): void {
    this.#reader.finish();
    this.#state = 'ended';
  }
}

function parseException(text: string): { message: string | undefined; reason: string | undefined } {
  try {
    const payload: unknown = JSON.parse(text);
    if (!isJsonObject(payload)) return { message: text, reason: undefined };
    const { message, Message, reason } = payload;
    const said = typeof message === 'string' ? message : Message;
    return {
      message: typeof said === 'string' ? said : undefined,
      reason: typeof reason === 'string' ? reason : undefined,
    };
  } catch {
    return { message: text, reason: undefined };
  }
}
