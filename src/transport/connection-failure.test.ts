import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectionFailure } from './connection-failure.ts';
import type { ProxySettings } from './dispatcher.ts';
import { createUpstreamTransport } from './upstream.ts';

const never = new AbortController().signal;

/** The message of a request that must fail to connect. */
async function failureOf(url: string, proxy?: ProxySettings, ofAccount?: string): Promise<string> {
  const transport = createUpstreamTransport({
    proxy,
    addressSetting: 'DRAGOMAN_UPSTREAM_URL',
    headersTimeoutMs: 5_000,
    idleTimeoutMs: 5_000,
    userAgent: 'test',
  });
  onTestFinished(() => transport.close());
  const request = { method: 'POST', url, headers: {}, body: '{}', proxy: ofAccount, sign: undefined } as const;
  const failure = await transport.send(request, never).then(
    () => undefined,
    (error: Error) => error,
  );
  expect(failure).toMatchObject({ code: 'upstream_broken' });
  return failure?.message ?? '';
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // A TCP server's address is an object.
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the message of a failed connection', () => {
  it('names the address and the setting when the connection is refused', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    expect(await failureOf(`${url}/path?secret=1`)).toBe(
      `Could not connect to ${url}: connection refused (ECONNREFUSED). Set DRAGOMAN_UPSTREAM_URL to use another address.`,
    );
  });

  it('reports that a host name does not exist', async () => {
    expect(await failureOf('http://service.invalid')).toMatch(
      /^Could not connect to http:\/\/service\.invalid: .+ \((ENOTFOUND|EAI_AGAIN)\)\./,
    );
  });

  it('reports a server without TLS', async () => {
    const port = await listen(createHttpServer());
    expect(await failureOf(`https://127.0.0.1:${port}`)).toContain('does not speak TLS; check http and https');
  });

  it.each([
    ['http://service.invalid', 'httpProxy', 'HTTP_PROXY'],
    ['https://service.invalid', 'httpsProxy', 'HTTPS_PROXY'],
    ['https://service.invalid', 'allProxy', 'ALL_PROXY'],
    ['https://service.invalid', 'httpProxy', 'HTTP_PROXY'],
  ])('names the proxy of %s by %s, without its password', async (url, name, setting) => {
    const port = await closedPort();
    const message = await failureOf(url, { [name]: `http://me:hunter2@127.0.0.1:${port}` });
    expect(message).toContain(`Could not connect to ${url} through the proxy http://`);
    expect(message).toContain(`127.0.0.1:${port}`);
    expect(message).toContain(`connection refused (ECONNREFUSED). The proxy comes from ${setting}.`);
    expect(message).not.toContain('hunter2');
  });

  it('names the proxy of an account', async () => {
    const port = await closedPort();
    expect(await failureOf('http://service.invalid', undefined, `socks5://127.0.0.1:${port}`)).toContain(
      `through the proxy socks5://127.0.0.1:${port}: connection refused (ECONNREFUSED). The proxy comes from the account’s own setting.`,
    );
  });

  it('does not name a proxy that NO_PROXY excludes', async () => {
    const settings = { allProxy: 'http://127.0.0.1:1', noProxy: 'other.example,.invalid' };
    expect(await failureOf('http://service.invalid', settings)).not.toContain('proxy');
  });

  it('reports that a proxy rejects the password', async () => {
    const proxy = createHttpServer().on('connect', (_request, socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    const port = await listen(proxy);
    const message = await failureOf('https://service.invalid', { httpsProxy: `http://127.0.0.1:${port}` });
    expect(message).toContain('the proxy rejected the user name or password (407). The proxy comes from HTTPS_PROXY.');
  });

  it.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its TLS certificate is not trusted; add its authority'],
    ['CERT_HAS_EXPIRED', 'its TLS certificate has expired'],
    ['EAI_AGAIN', 'the name server did not respond'],
    ['ESOMETHING', ': ESOMETHING.'],
  ])('reads %s', (code, words) => {
    const cause = Object.assign(new Error('http://me:hunter2@proxy'), { code });
    const message = connectionFailure(cause, { origin: 'https://h', addressSetting: undefined, proxy: undefined });
    expect(message).toContain(words);
    expect(message).not.toContain('hunter2');
  });
});
