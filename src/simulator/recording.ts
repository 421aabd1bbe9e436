/** Plays answers that were recorded elsewhere, one for each request in order, whatever the request says. */
import type { ServerResponse } from 'node:http';
import { encodeFrame } from './encode-frame.ts';

export interface Recording {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Of an event stream. */
  readonly frames: readonly { readonly headers: Readonly<Record<string, string>>; readonly payload: string }[];
  /** Of any other answer. */
  readonly body: string | null;
  /** What followed the last whole frame. */
  readonly rest: { readonly kind: 'none' | 'cut' | 'corrupt'; readonly bytes: number };
  /** `broken`: the connection ended in the middle. */
  readonly end: 'complete' | 'broken' | 'open';
}

/** Resolves when the answer is written. */
export async function play(recording: Recording | null | undefined, response: ServerResponse): Promise<void> {
  if (recording === undefined) {
    response.writeHead(500).end('There are more requests than were recorded.');
    return;
  }
  if (recording === null) {
    response.destroy();
    return;
  }
  const { status, headers, frames, body, rest, end } = recording;
  response.writeHead(status, Object.fromEntries(headers.filter(([name]) => !NOT_SENT.has(name))));
  for (const frame of frames) response.write(encodeFrame(frame.headers, Buffer.from(frame.payload)));
  if (body !== null) response.write(body);
  if (rest.kind !== 'none') response.write(restOf(rest));
  if (end !== 'broken') response.end();
  // Not before the bytes have left.
  else response.write('', () => response.socket?.destroySoon());
}

/** The connection has its own. */
const NOT_SENT: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection']);

/** The beginning of a frame that is longer, or bytes that begin none. */
function restOf({ kind, bytes }: Recording['rest']): Buffer {
  if (kind === 'corrupt') return Buffer.alloc(Math.max(bytes, 16), 0xff);
  return encodeFrame({ ':message-type': 'event' }, Buffer.alloc(bytes)).subarray(0, bytes);
}
