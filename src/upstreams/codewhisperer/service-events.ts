/**
 * The service's own events under its own names, for programs that speak its protocol: frames in, parsed payloads out.
 * read-event.ts decides what an event means for a reply.
 */
import { GatewayError } from '../../core/errors.ts';
import { EventStreamDecoder, type Frame } from '../../framing/event-stream.ts';
import { eventPayload } from './event-payload.ts';
import { explainException } from './failures.ts';
import type { EventPayloads } from './wire-events.ts';

/** `{ assistantResponseEvent: { content: '…' } }`: exactly one member, named after the kind of event. */
export type ServiceEvent = {
  readonly [Kind in ServiceEventKind]: { readonly [Name in Kind]: EventPayloads[Kind] };
}[ServiceEventKind];

/** The first frame only repeats what a header says. */
type ServiceEventKind = Exclude<keyof EventPayloads, 'initial-response'>;

export class ServiceEventDecoder {
  readonly #frames = new EventStreamDecoder();

  /** Throws GatewayError for an exception of the service, a corrupted stream or an unreadable payload. */
  *push(bytes: Uint8Array): Generator<ServiceEvent, void> {
    for (const frame of this.#frames.push(bytes)) {
      const event = toEvent(frame);
      if (event) yield event;
    }
    const { error } = this.#frames;
    if (error)
      throw new GatewayError('upstream_broken', 'The reply was corrupted in transit. Try again.', { cause: error });
  }

  /** Call once when the body has ended. Throws `upstream_broken` if it ended inside a frame. */
  end(): void {
    try {
      this.#frames.end();
    } catch (cause) {
      throw new GatewayError('upstream_broken', 'The service closed the connection before the reply was complete.', {
        cause,
      });
    }
  }
}

function toEvent(frame: Frame): ServiceEvent | undefined {
  switch (frame.headers.messageType) {
    case 'exception':
      throw explainException(frame.header(':exception-type') ?? '', frame.text());
    case 'error':
      throw explainException(frame.header(':error-code') ?? '', frame.header(':error-message') ?? '');
    default:
      return payloadOf(frame, frame.headers.eventType);
  }
}

function payloadOf(frame: Frame, kind: string): ServiceEvent | undefined {
  if (kind === '' || kind === 'initial-response') return undefined;
  // The type documents the service's payload; its members are not checked here.
  return { [kind]: eventPayload(kind, frame.text()) } as unknown as ServiceEvent;
}
