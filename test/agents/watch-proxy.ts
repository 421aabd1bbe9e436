/**
 * An HTTP proxy that refuses and records every request. Agents under test use it as their proxy for everything but
 * loopback, so a call to anywhere else fails at once and is recorded.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WatchProxy {
  readonly url: string;
  /** `CONNECT host:port` and absolute URLs, in order. */
  readonly requests: readonly string[];
  close(): void;
}

export async function startWatchProxy(): Promise<WatchProxy> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(403).end('No traffic leaves this machine.');
  });
  server.on('connect', (request, socket) => {
    requests.push(`CONNECT ${request.url}`);
    socket.on('error', () => {});
    socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a listening TCP server always has one
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
