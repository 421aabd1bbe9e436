import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createNetServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayError } from '../core/errors.ts';
import { createUpstreamTransport, type UpstreamTransport, type UpstreamTransportOptions } from './upstream.ts';

const closers: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return listen(server);
}

async function listen(server: Server | ReturnType<typeof createNetServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  // A listening TCP server's address is never a pipe's name.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that responds to each connection's first bytes with `answer`. */
async function serveRaw(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  return listen(
    createNetServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => answer(socket));
    }),
  );
}

function transport(options: Partial<UpstreamTransportOptions> = {}): UpstreamTransport {
  const made = createUpstreamTransport({
    headersTimeoutMs: 5_000,
    idleTimeoutMs: 5_000,
    userAgent: 'dragoman/test',
    ...options,
  });
  closers.push(() => made.close());
  return made;
}

const never = new AbortController().signal;

function get(url: string, headers: Record<string, string> = {}) {
  return { method: 'GET', url, headers, body: undefined } as const;
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: GatewayError) => error,
  );
}

describe('sending to the upstream', () => {
  it('sends method, path, query, headers and body, and identifies itself', async () => {
    let seen = {};
    const url = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method, headers } = request;
      seen = { method, url: request.url, agent: headers['user-agent'], x: headers['x-y'], body: String(chunks) };
      response.setHeader('X-Amzn-RequestId', 'r-1').end('hello');
    });
    const answer = await transport().send(
      { method: 'POST', url: `${url}/a/b?c=d`, headers: { 'x-y': 'z' }, body: '{"é":1}' },
      never,
    );
    expect(answer.status).toBe(200);
    expect(answer.header('X-Amzn-RequestId')).toBe('r-1');
    expect(answer.header('x-amzn-requestid')).toBe('r-1');
    expect(answer.header('absent')).toBeUndefined();
    expect(await text(answer.body)).toBe('hello');
    expect(seen).toEqual({ method: 'POST', url: '/a/b?c=d', agent: 'dragoman/test', x: 'z', body: '{"é":1}' });
  });

  it('reuses its connections', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('ok');
    });
    const { send } = transport();
    for (let i = 0; i < 10; i++) await text((await send(get(url), never)).body);
    // Two, because undici releases a connection only after the tick in which its response ended.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it('ignores interim responses', async () => {
    const url = await serveRaw((socket) =>
      socket.end('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    );
    const answer = await transport().send(get(url), never);
    expect(answer.status).toBe(200);
    expect(await text(answer.body)).toBe('ok');
  });

  it('delivers data that arrived before the first pull as one chunk', async () => {
    const url = await serveRaw((socket) => {
      const chunks = 'abcdef'.split('').map((letter) => `1\r\n${letter}\r\n`);
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`);
    });
    const answer = await transport().send(get(url), never);
    const chunks: string[] = [];
    for await (const chunk of answer.body) chunks.push(Buffer.from(chunk).toString());
    expect(chunks).toEqual(['abcdef']);
  });
});

describe('a failing upstream', () => {
  it('names the address of a refused connection', async () => {
    const server = createNetServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // of a TCP server
    server.close();
    await once(server, 'close');
    const error = await failure(transport().send(get(`http://127.0.0.1:${port}/`), never));
    expect(error.code).toBe('upstream_broken');
    expect(error.message).toMatch(
      /^Could not connect to http:\/\/127\.0\.0\.1:\d+: connection refused \(ECONNREFUSED\)\.$/,
    );
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each([
    ['a reset before the headers', (socket: Socket) => void socket.resetAndDestroy()],
    ['an end before the headers', (socket: Socket) => void socket.end()],
    ['a response that is not HTTP', (socket: Socket) => void socket.end('SSH-2.0-nonsense\r\n')],
  ])('reports %s as upstream_broken', async (_name, answer) => {
    const error = await failure(transport().send(get(await serveRaw(answer)), never));
    expect(error.name).toBe('GatewayError');
    expect(error.code).toBe('upstream_broken');
  });

  it.each([
    ['a reset', (socket: Socket) => socket.resetAndDestroy()],
    ['an early end', (socket: Socket) => socket.end()],
  ])('delivers what arrived before %s, then fails', async (_name, cut) => {
    let broken: () => void = () => {};
    const url = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
      broken = () => cut(socket);
    });
    const answer = await transport().send(get(url), never);
    const body = answer.body[Symbol.asyncIterator]();
    expect(Buffer.from((await body.next()).value ?? '').toString()).toBe('half');
    broken();
    const error = await failure(body.next());
    expect(error.code).toBe('upstream_broken');
    expect(await body.next()).toEqual({ done: true, value: undefined });
  });

  it('times out when the headers do not arrive', async () => {
    const url = await serveRaw(() => {});
    const error = await failure(transport({ headersTimeoutMs: 50 }).send(get(url), never));
    expect(error.code).toBe('upstream_timeout');
  });

  it('times out when the body stalls', async () => {
    const url = await serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'));
    const answer = await transport({ idleTimeoutMs: 50 }).send(get(url), never);
    const error = await failure(text(answer.body));
    expect(error.code).toBe('upstream_timeout');
  });
});

describe('leaving', () => {
  it('does not connect if the client has already gone', async () => {
    const error = await failure(transport().send(get('http://127.0.0.1:1/'), AbortSignal.abort()));
    expect(error.code).toBe('client_closed');
  });

  it('drops the connection when the client goes before the headers', async () => {
    const gone = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    const url = await serveRaw((socket) => {
      closed = once(socket, 'close');
      gone.abort();
    });
    const error = await failure(transport().send(get(url), gone.signal));
    expect(error.code).toBe('client_closed');
    await closed;
  });

  it('drops the connection when the client goes during the body', async () => {
    const gone = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    const url = await serveRaw((socket) => {
      closed = once(socket, 'close');
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    });
    const answer = await transport().send(get(url), gone.signal);
    const body = answer.body[Symbol.asyncIterator]();
    await body.next();
    gone.abort();
    expect((await failure(body.next())).code).toBe('client_closed');
    await closed;
  });

  it('drops the connection when the loop is left', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const url = await serveRaw((socket) => {
      closed = once(socket, 'close');
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    });
    const answer = await transport().send(get(url), never);
    for await (const _chunk of answer.body) break;
    // The arguments of `close`.
    expect(await closed).toHaveLength(1);
  });

  it('leaves no listener on the signal', async () => {
    const url = await serve((_request, response) => response.end('ok'));
    const gone = new AbortController();
    let listeners = 0;
    const { signal } = gone;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await text((await transport().send(get(url), signal)).body);
    expect(listeners).toBe(0);
  });
});

describe('a slow consumer', () => {
  it('applies back-pressure to the upstream and loses nothing', async () => {
    const total = 64 * 1024 * 1024;
    let written = 0;
    const url = await serve((_request, response) => {
      const piece = Buffer.alloc(1024 * 1024, 'x');
      const more = (): void => {
        while (written < total) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const answer = await transport().send(get(url), never);
    const body = answer.body[Symbol.asyncIterator]();
    const first = await body.next();
    let read = first.value?.length ?? 0;
    // The round trip of another exchange gives the first one time to continue if nothing paused it.
    for (let i = 0; i < 20; i++) await text((await transport().send(get(await serve((_, r) => r.end())), never)).body);
    expect(written).toBeLessThan(total / 2);
    for (let step = await body.next(); !step.done; step = await body.next()) read += step.value.length;
    expect(read).toBe(total);
  });
});

describe('proxies', () => {
  async function serveProxy(): Promise<{ url: string; targets: string[] }> {
    const targets: string[] = [];
    const server = createServer((_request, response) => response.writeHead(500).end());
    server.on('connect', (request, client) => {
      targets.push(request.url ?? '');
      const [, port] = (request.url ?? '').split(':');
      const onward = connect(Number(port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        onward.pipe(client).pipe(onward);
      });
      onward.on('error', () => client.destroy());
      client.on('error', () => onward.destroy());
    });
    return { url: await listen(server), targets };
  }

  it('reaches loopback directly regardless of the environment', async () => {
    const proxy = await serveProxy();
    const url = await serve((_request, response) => response.end('direct'));
    const { send } = transport({ proxy: { httpProxy: proxy.url } });
    expect(await text((await send(get(url), never)).body)).toBe('direct');
    expect(proxy.targets).toEqual([]);
  });

  it.each([
    ['an https upstream through HTTPS_PROXY', 'httpsProxy'],
    ['everything through ALL_PROXY', 'allProxy'],
  ] as const)('sends %s', async (_name, setting) => {
    const proxy = await serveProxy();
    const { send } = transport({ proxy: { [setting]: proxy.url } });
    const plain = await serve((_request, response) => response.end());
    // The far end does not speak TLS, so the exchange fails, but only after the request reached the proxy.
    await failure(send(get(`https://upstream.invalid:${new URL(plain).port}/`), never));
    expect(proxy.targets).toEqual([`upstream.invalid:${new URL(plain).port}`]);
  });

  it('honours NO_PROXY', async () => {
    const proxy = await serveProxy();
    const { send } = transport({ proxy: { httpsProxy: proxy.url, noProxy: '0.0.0.0' } });
    const plain = await serve((_request, response) => response.end());
    const error = await failure(send(get(`https://0.0.0.0:${new URL(plain).port}/`), never));
    expect(error.code).toBe('upstream_broken');
    expect(proxy.targets).toEqual([]);
  });
});
