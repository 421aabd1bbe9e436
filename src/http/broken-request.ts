/** Answers bytes that Node could not read as a request. They have no path, so the error has OpenAI's format. */
import type { Socket } from 'node:net';

/** Node's own limit is 16 KiB; agents send a kilobyte of metadata in a header, proxies add theirs. */
export const MAX_HEADER_BYTES = 65_536;

/** For the client to read the answer. Closing at once would reset the connection and discard an answer still unread. */
const LINGER_MS = 1_000;

/** At about 25 µs each; Node reports all connections whose time is over in one turn, and there may be thousands. */
const CONNECTIONS_PER_TURN = 200;

/**
 * A listener for `clientError`: answers 400, 408 or 431, and closes the connection within a second, whether or not the
 * client closes its side. `isReplying` tells whether an answer is being written to the connection: anything written
 * then would end up in the middle of it, so the connection is destroyed.
 */
export function answerBrokenRequests(
  isReplying: (socket: Socket) => boolean,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  const answered = new WeakSet<Socket>();
  const destroy = inTurns((socket: Socket) => socket.destroy());
  const answer = inTurns(({ code, socket }: { code: string | undefined; socket: Socket }) => {
    if (!socket.writable || isReplying(socket)) {
      socket.destroy();
      return;
    }
    socket.end(answerTo(code));
    // Node's HTTP server leaves a connection open until the client closes it as well.
    const timer = setTimeout(destroy, LINGER_MS, socket);
    socket.once('close', () => clearTimeout(timer));
  });
  return ({ code }, socket) => {
    if (code === 'ECONNRESET' || isReplying(socket)) {
      socket.destroy();
      return;
    }
    // Each further chunk of the broken request is reported too.
    if (answered.has(socket)) return;
    answered.add(socket);
    answer({ code, socket });
  };
}

/** Calls `handle` with each item in order: the first ones at once, and those of a crowd in later turns. */
function inTurns<Item>(handle: (item: Item) => void): (item: Item) => void {
  const waiting: Item[] = [];
  let inThisTurn = 0;
  const handleSome = (): void => {
    const items = waiting.splice(0, CONNECTIONS_PER_TURN);
    inThisTurn = items.length;
    if (inThisTurn > 0) setImmediate(handleSome);
    for (const item of items) handle(item);
  };
  return (item) => {
    if (inThisTurn === 0) setImmediate(handleSome);
    if (inThisTurn++ < CONNECTIONS_PER_TURN && waiting.length === 0) handle(item);
    else waiting.push(item);
  };
}

function answerTo(code: string | undefined): string {
  const [status, message] = explain(code);
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function explain(code: string | undefined): readonly [string, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        '431 Request Header Fields Too Large',
        `The request's headers are larger than ${MAX_HEADER_BYTES} bytes.`,
      ];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'The request took too long to arrive.'];
    default:
      return ['400 Bad Request', 'This is not an HTTP request.'];
  }
}
