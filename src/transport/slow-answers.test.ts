/** Responses that never end: a few bytes at a time, so that no idle timeout fires. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readText } from '../gateway/context.ts';
import { Dispatchers } from './dispatcher.ts';
import { exchange } from './small-exchange.ts';
import { createUpstreamTransport } from './upstream.ts';

const LIMIT_MS = 300;

async function serveTrickle(status: number): Promise<{ readonly url: string; readonly left: Promise<unknown> }> {
  const left = Promise.withResolvers<void>();
  const server: Server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write('{"a":'), 20);
    response.on('close', () => {
      clearInterval(timer);
      left.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, left: left.promise };
}

async function ask(url: string) {
  const transport = createUpstreamTransport({ headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, userAgent: 'test' });
  onTestFinished(() => transport.close());
  const request = { method: 'GET', url, headers: {}, body: undefined } as const;
  return transport.send(request, new AbortController().signal);
}

describe('a response that trickles', () => {
  it('is cut off if it is an error, and reports what has arrived', async () => {
    const { url, left } = await serveTrickle(500);
    expect(await readText(await ask(url), 1_000_000, LIMIT_MS)).toMatch(/^(\{"a":)+$/);
    await left;
  });

  it('times out if it is a list', async () => {
    const { url, left } = await serveTrickle(200);
    await expect(readText(await ask(url), 1_000_000, LIMIT_MS)).rejects.toMatchObject({ code: 'upstream_timeout' });
    await left;
  });

  it('is cut off at the byte limit', async () => {
    const { url, left } = await serveTrickle(500);
    expect(await readText(await ask(url), 12, 60_000)).toBe('{"a":{"a":{"');
    await left;
  });

  it('times out at a token endpoint', async () => {
    const { url, left } = await serveTrickle(200);
    const dispatchers = new Dispatchers(undefined, 5_000);
    onTestFinished(() => dispatchers.destroy());
    const connections = { ...dispatchers.of(undefined), addressSetting: undefined };
    const asked = exchange(connections, { url, method: 'POST', headers: {}, body: '{}' }, undefined, LIMIT_MS);
    await expect(asked).rejects.toMatchObject({ code: 'upstream_timeout' });
    await left;
  });
});
