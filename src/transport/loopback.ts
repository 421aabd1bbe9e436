/** A port of this machine to which a browser comes back after a sign-in. It answers nobody else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Loopback } from '../accounts/sign-in/browser-flow.ts';
import { GatewayError } from '../core/errors.ts';

/** `ports`: the first free one of these; none: any. Rejects with `invalid_request` when all of them are taken. */
export async function openLoopback(ports: readonly number[]): Promise<Loopback> {
  for (const port of ports.length === 0 ? [0] : ports) {
    const server = createServer();
    if (await listens(server, port)) return createLoopback(server);
  }
  const message = `The browser could not come back: the ports ${ports.join(', ')} of this machine are all taken. Free one, or sign in with --device.`;
  throw new GatewayError('invalid_request', message);
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
}

function createLoopback(server: Server): Loopback {
  const { port } = server.address() as AddressInfo; // a listening TCP server always has one
  const address = `http://127.0.0.1:${port}`;
  let asked: ((url: URL) => boolean) | undefined;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const url = URL.parse(request.url ?? '/', address);
    const isOurs = request.method === 'GET' && HOSTS.has(request.headers.host?.replace(/:\d+$/, '') ?? '');
    const isTaken = isOurs && url !== null && asked?.(url) === true;
    response.writeHead(isTaken ? 200 : 404, HEADERS).end(isTaken ? page(BACK) : page(WRONG));
  });
  return {
    address,
    next: (accept, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = () => reject(new GatewayError('client_closed', 'The sign-in was cancelled.'));
        if (signal.aborted) return onAbort();
        signal.addEventListener('abort', onAbort, { once: true });
        asked = (url) => {
          if (!accept(url)) return false;
          asked = undefined;
          signal.removeEventListener('abort', onAbort);
          resolve(url);
          return true;
        };
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // The browser's page has been sent by then; connections which it keeps open hold nobody up.
        setImmediate(() => server.closeIdleConnections());
        setTimeout(() => server.closeAllConnections(), 200).unref();
      }),
  };
}

const HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost']);
/** The address of this page holds the code: it is told to nobody. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  connection: 'close',
};
const BACK = '<h1>Back at dragoman</h1><p>You can close this page. The terminal says how it went.</p>';
const WRONG = '<h1>Not this one</h1><p>This address belongs to a sign-in which is over, or to another one.</p>';

function page(content: string): string {
  const style = 'body{font:16px system-ui;margin:20vh auto;max-width:28em;text-align:center}';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>dragoman</title><style>${style}</style>${content}</html>`;
}
