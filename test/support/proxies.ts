/**
 * An HTTP proxy that forwards and tunnels, and a SOCKS5 proxy. They connect every host to one local port, so that hosts
 * that do not exist can be reached only through them.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TestProxy {
  /** Includes the user and the password. */
  readonly url: string;
  /** `GET http://host/path`, `CONNECT host:port`, `SOCKS host:port`; refused requests begin with `refused`. */
  readonly seen: readonly string[];
}

const PROXY_USER = 'proxy-user';
/** Must not appear in any output. */
export const PROXY_PASSWORD = 'p@ss/word-MARKED';

/** Closed when the test ends. */
export async function startHttpProxy(targetPort: number): Promise<TestProxy> {
  const seen: string[] = [];
  const expected = `Basic ${Buffer.from(`${PROXY_USER}:${PROXY_PASSWORD}`).toString('base64')}`;
  const server = createHttpServer((request, response) => {
    if (request.headers['proxy-authorization'] !== expected) {
      seen.push('refused');
      response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
      return;
    }
    seen.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '');
    const { 'proxy-authorization': _own, ...headers } = request.headers;
    const options = { host: '127.0.0.1', port: targetPort, path: url.pathname + url.search, headers };
    const onward = httpRequest({ ...options, method: request.method }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, client: Socket) => {
    if (request.headers['proxy-authorization'] !== expected) {
      seen.push('refused');
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n');
      return;
    }
    seen.push(`CONNECT ${request.url}`);
    join(client, targetPort, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
  });
  return { url: await listening(server, 'http'), seen };
}

const SOCKS = { version: 5, password: 2, none: 0xff, connect: 1, ipv4: 1, name: 3 } as const;

/** Closed when the test ends. */
export async function startSocksProxy(targetPort: number): Promise<TestProxy> {
  const seen: string[] = [];
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    void greet(client, targetPort, seen).catch(() => client.destroy());
  });
  return { url: await listening(server, 'socks5'), seen };
}

/** RFC 1928, and RFC 1929 for the password. */
async function greet(client: Socket, targetPort: number, seen: string[]): Promise<void> {
  const [, methods = 0] = await take(client, 2);
  const offered = await take(client, methods);
  if (!offered.includes(SOCKS.password)) {
    seen.push('refused');
    client.end(Buffer.of(SOCKS.version, SOCKS.none));
    return;
  }
  client.write(Buffer.of(SOCKS.version, SOCKS.password));
  const [, userLength = 0] = await take(client, 2);
  const user = await take(client, userLength);
  const [passwordLength = 0] = await take(client, 1);
  const password = await take(client, passwordLength);
  if (user.toString() !== PROXY_USER || password.toString() !== PROXY_PASSWORD) {
    seen.push('refused');
    client.end(Buffer.of(1, 1));
    return;
  }
  client.write(Buffer.of(1, 0));
  const [, , , type] = await take(client, 4);
  const length = type === SOCKS.name ? (await take(client, 1)).readUInt8() : type === SOCKS.ipv4 ? 4 : 16;
  const host = await take(client, length);
  const port = (await take(client, 2)).readUInt16BE();
  seen.push(`SOCKS ${type === SOCKS.name ? host.toString() : host.join('.')}:${port}`);
  join(client, targetPort, () => client.write(Buffer.of(SOCKS.version, 0, 0, SOCKS.ipv4, 127, 0, 0, 1, 0, 0)));
}

/** Reads exactly this many bytes. */
async function take(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const chunk: Buffer | null = bytes === 0 ? Buffer.alloc(0) : socket.read(bytes);
    if (chunk) return chunk;
    await once(socket, 'readable');
  }
}

function join(client: Socket, targetPort: number, ready: () => void): void {
  const target = connect(targetPort, '127.0.0.1', () => {
    ready();
    client.pipe(target).pipe(client);
  });
  target.on('error', () => client.destroy());
  client.on('error', () => target.destroy()).on('close', () => target.destroy());
}

async function listening(server: Server, scheme: string): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo; // of a TCP server
  return `${scheme}://${PROXY_USER}:${encodeURIComponent(PROXY_PASSWORD)}@127.0.0.1:${port}`;
}
