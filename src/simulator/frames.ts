/** Encodes the three kinds of messages in a reply's event stream. Source: https://smithy.io/2.0/aws/amazon-eventstream.html */
import type { JsonValue } from '../core/json.ts';
import { encodeFrame } from './encode-frame.ts';

export function eventFrame(event: string, payload: JsonValue): Buffer {
  return encodeFrame(
    { ':message-type': 'event', ':event-type': event, ':content-type': 'application/json' },
    json(payload),
  );
}

export function exceptionFrame(exception: string, payload: JsonValue): Buffer {
  return encodeFrame(
    { ':message-type': 'exception', ':exception-type': exception, ':content-type': 'application/json' },
    json(payload),
  );
}

export function errorFrame(code: string, message: string): Buffer {
  return encodeFrame({ ':message-type': 'error', ':error-code': code, ':error-message': message }, Buffer.alloc(0));
}

/** A text frame with one flipped bit in its payload. */
export function corruptFrame(): Buffer {
  const frame = eventFrame('assistantResponseEvent', { content: 'corrupt' });
  const at = frame.length - 8;
  frame.writeUInt8(frame.readUInt8(at) ^ 1, at);
  return frame;
}

function json(payload: JsonValue): Buffer {
  return Buffer.from(JSON.stringify(payload), 'utf8');
}
