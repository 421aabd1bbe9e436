/**
 * Writes the pieces of a streamed response as they come, each as one HTTP chunk and one string on the socket.
 *
 * `response.write` splits a chunk into four writes, puts off the first to `process.nextTick` in case more follow, and their
 * callback to another. Until V8 has optimised it, a `nextTick` of Node 26 takes 6,000 instructions, so that the two and the pieces
 * were a fifth of what a frame costs that arrives in a tick of its own. Nothing follows here: a piece already is all that arrived
 * in its tick.
 */
import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';

/**
 * Returns what will emit `drain` if the client lags behind. `isFirst`: nothing has been written since `writeHead`. The response may
 * only be written to in this way, and ended as usual.
 */
export function writePiece(response: ServerResponse, text: string, isFirst: boolean): EventEmitter | undefined {
  const { socket } = response;
  // There is no socket yet while the connection still carries an earlier answer. A client of HTTP/1.0 gets no chunks.
  if (!socket?.writable || !response.chunkedEncoding) return response.write(text) ? undefined : response;
  const chunk = `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  if (!isFirst) return socket.write(chunk) ? undefined : socket;
  socket.cork();
  response.flushHeaders();
  forgetSentHead(response);
  const isTaken = socket.write(chunk);
  socket.uncork();
  return isTaken ? undefined : socket;
}

/** What Node keeps of a response's head. */
interface SentHead {
  _header?: string | null;
  readonly _headerSent?: boolean;
}

/**
 * Node keeps the text of the head for as long as the response, 1.2 kB for each open stream. Once it has been sent, only whether there
 * is one is asked.
 */
function forgetSentHead(response: ServerResponse & SentHead): void {
  if (response._headerSent && response._header) response._header = SENT;
}

const SENT = 'sent';
