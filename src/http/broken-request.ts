/** Bytes that Node could not read as a request. They have no path, and so no dialect but the commonest. */
import type { Socket } from 'node:net';

/** Node's own limit is 16 KiB; agents send a kilobyte of metadata in a header, proxies add theirs. */
export const MAX_HEADER_BYTES = 65_536;

export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = explain(error.code);
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function explain(code: string | undefined): readonly [string, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        '431 Request Header Fields Too Large',
        `The request's headers are larger than ${MAX_HEADER_BYTES} bytes.`,
      ];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'The request did not arrive in time.'];
    default:
      return ['400 Bad Request', 'This is not an HTTP request.'];
  }
}
