/** A loopback server that receives the browser's redirect after a sign-in, and nothing else. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Loopback } from '../accounts/sign-in/browser-flow.ts';
import { createServer } from '../core/builtin-http.ts';
import { GatewayError } from '../core/errors.ts';

/** Listens on the first free port of `ports`, or any port if empty. Rejects with `invalid_request` if all are taken. */
export async function openLoopback(ports: readonly number[]): Promise<Loopback> {
  for (const port of ports.length === 0 ? [0] : ports) {
    const server = createServer();
    if (await listens(server, port)) return createLoopback(server);
  }
  const message = `The browser cannot return to dragoman, because the ports ${ports.join(', ')} on this machine are all in use. Free one, or sign in with --device.`;
  throw new GatewayError('invalid_request', message);
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
}

function createLoopback(server: Server): Loopback {
  const { port } = server.address() as AddressInfo; // A listening TCP server has one.
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
        // The page has been sent by now; keep-alive connections must not delay the close.
        setImmediate(() => server.closeIdleConnections());
        setTimeout(() => server.closeAllConnections(), 200).unref();
      }),
  };
}

const HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost']);
/** The page's URL contains the code, so no referrer may leak it. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  connection: 'close',
};
const BACK = '<h1>Back at dragoman</h1><p>You can close this page. The terminal shows the result.</p>';
const WRONG = '<h1>Unknown sign-in</h1><p>This address belongs to another sign-in, or to one that has ended.</p>';

function page(content: string): string {
  const style = 'body{font:16px system-ui;margin:20vh auto;max-width:28em;text-align:center}';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>dragoman</title><style>${style}</style>${content}</html>`;
}
