/**
 * An HTTP proxy that lets nothing through and remembers who asked. Agents under test get it as their proxy for
 * everything but loopback, so a call to anywhere else fails at once and is seen.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WatchProxy {
  readonly url: string;
  /** `CONNECT host:port` and absolute URLs, in order. */
  readonly asked: readonly string[];
  close(): void;
}

export async function startWatchProxy(): Promise<WatchProxy> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(403).end('No traffic leaves this machine.');
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.on('error', () => {});
    socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a listening TCP server always has one
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
