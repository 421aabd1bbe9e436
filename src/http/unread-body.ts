/**
 * Closes connections whose request was answered before its body was read. Node would read the body to its end, however
 * long. Closing at once would reset the connection, and the client would lose an answer it has not read yet. So the rest is
 * read and dropped within limits, as nginx does (`lingering_close`).
 */
import type { IncomingMessage } from 'node:http';
import { ServerResponse } from '../core/builtin-http.ts';
import { beginHead } from './header-lines.ts';

/** More than the body of most requests with a wrong key or path. */
const LINGER_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 2_000;

type Headers = Parameters<ServerResponse['writeHead']>[1];

interface StoresHeader {
  _storeHeader(firstLine: string, headers: unknown): void;
}

const { _storeHeader: storeHeader } = ServerResponse.prototype as unknown as StoresHeader;

/**
 * The response class of the server. An answer that leaves more of the body unread than is worth reading announces
 * `connection: close`; whatever is left unread has LINGER_MS to arrive, then the connection is destroyed.
 */
export class LingeringResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
    if (!this.req.complete) this.#linger();
    // The two signatures of Node's method differ in the second argument; it tells them apart by its type.
    return super.writeHead(status, reason as string, headers);
  }

  /** Node calls it with the status line and what `writeHead` got, or its own table of headers. */
  _storeHeader(firstLine: string, headers: unknown): void {
    const isList = Array.isArray(headers) && headers.length % 2 === 0 && typeof headers[0] === 'string';
    const head = isList ? beginHead(firstLine, headers) : { lines: firstLine, rest: headers };
    storeHeader.call(this, head.lines, head.rest);
  }

  #linger(): void {
    if (!isShort(this.req)) this.shouldKeepAlive = false;
    // Before Node's own listener, which closes the connection or reads the rest of the body.
    this.prependOnceListener('finish', () => {
      if (!this.req.complete) dropRest(this.req);
    });
  }
}

/** Whether the announced length is short enough to read the body and keep the connection. */
function isShort({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= LINGER_BYTES;
}

function dropRest(request: IncomingMessage): void {
  const { socket } = request;
  const destroySoon = socket.destroySoon.bind(socket);
  // Node calls it after the last answer on a connection. The client is to read the end of the answer before any reset.
  socket.destroySoon = () => socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  const onClose = () => clearTimeout(timer);
  let left = LINGER_BYTES;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  request.once('end', () => {
    clearTimeout(timer);
    socket.off('close', onClose);
    socket.destroySoon = destroySoon;
    if (socket.writableEnded) destroySoon();
  });
  socket.once('close', onClose);
  request.resume();
}

/**
 * A listener for `checkContinue`: a client that waits for `100 Continue` gets it when a handler begins to read the body,
 * so a request refused without reading it gets its final answer alone.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read.bind(request);
  request._read = (size) => {
    request._read = read;
    if (!response.headersSent && !response.destroyed) response.writeContinue();
    read(size);
  };
}

/** A request that the client sent behind one whose answer has closed the connection. */
export function followsLastAnswer({ socket }: IncomingMessage): boolean {
  return socket.writableEnded || socket.destroyed;
}
