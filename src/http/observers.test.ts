import { request as httpRequest } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { createFakeGateway, MESSAGES, post, send, serve } from '../../test/support/serving.ts';
import { GatewayError } from '../core/errors.ts';
import type { RequestRecord } from '../gateway/request-record.ts';

const KEY = { authorization: 'Bearer some-key' };

async function serveObserved(gateway = createFakeGateway()) {
  const records: RequestRecord[] = [];
  const broken = () => {
    throw new Error('this observer is broken');
  };
  const server = await serve(gateway, {
    observers: [broken, (record) => void records.push(record)],
    apiKeys: ['some-key'],
  });
  const only = async () => {
    await vi.waitFor(() => expect(records).not.toEqual([]), 10_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(records).toHaveLength(1);
    return records[0];
  };
  return { server, gateway, records, only };
}

describe('observers of requests', () => {
  it('receive one complete record of an answered request', async () => {
    const { server, only } = await serveObserved();
    await post(server, '/v1/messages?beta=true', MESSAGES, { ...KEY, 'user-agent': 'claude-cli/2.1.0' });
    const record = await only();
    expect(record).toMatchObject({
      requestId: expect.stringMatching(/^req_/),
      method: 'POST',
      path: '/v1/messages',
      routePath: '/v1/messages',
      kind: 'reply',
      protocol: 'anthropic-messages',
      userAgent: 'claude-cli/2.1.0',
      client: expect.stringMatching(/^key-/),
      model: 'claude-sonnet-4.5',
      stream: false,
      status: 200,
      outcome: 'ok',
      code: undefined,
      firstByteMs: expect.any(Number),
      durationMs: expect.any(Number),
      usage: { inputTokens: { value: 12, provenance: 'measured' } },
      route: { accountId: 'acc_1', upstreamRequestId: 'up-1' },
    });
  });

  it.each([
    [
      'a wrong key',
      '/v1/messages',
      MESSAGES,
      { 'x-api-key': 'wrong' },
      { status: 401, outcome: 'refused', kind: 'reply' },
    ],
    [
      'an unknown path',
      '/v1/nothing',
      {},
      KEY,
      { status: 404, outcome: 'refused', kind: 'other', routePath: undefined },
    ],
    [
      'a body that is not JSON',
      '/v1/messages',
      '{',
      KEY,
      { status: 400, outcome: 'refused', client: expect.any(String) },
    ],
    ['a call of the admin API', '/v2/keys', {}, {}, { status: 401, kind: 'admin' }],
  ])('receive the record of %s', async (_, path, body, headers, expected) => {
    const { server, only } = await serveObserved();
    await post(server, path, body, headers);
    expect(await only()).toMatchObject({ path, ...expected });
  });

  it.each([
    ['quota_exhausted', 429, 'failed'],
    ['upstream_timeout', 504, 'timeout'],
    ['rate_limited', 429, 'refused'],
  ] as const)('receive the record of a request that fails with %s', async (code, status, outcome) => {
    const { server, gateway, only } = await serveObserved();
    gateway.reply = new GatewayError(code, 'no luck');
    await post(server, '/v1/messages', MESSAGES, KEY);
    expect(await only()).toMatchObject({ code, status, outcome, error: { message: 'no luck' } });
  });

  it('receive the record of a request whose client leaves, after the attempt in progress has ended', async () => {
    const { server, gateway, only } = await serveObserved();
    gateway.reply = ({ attempts }, signal) =>
      new Promise((_resolve, reject) => {
        attempts?.push({
          ...{ accountId: 'a1', accountLabel: 'one', wireProfile: 'w', choice: undefined, startedMs: 1 },
          ...{ endedMs: undefined, error: undefined, modelId: undefined, upstreamRequestId: undefined },
          ...{ rateMultiplier: undefined, usage: undefined },
        });
        signal.addEventListener('abort', () => {
          if (attempts?.[0]) attempts[0].endedMs = 2;
          reject(new GatewayError('client_closed', 'gone'));
        });
      });
    const request = httpRequest({ port: server.port, path: '/v1/messages', method: 'POST', headers: KEY });
    request.on('error', () => {});
    request.end(JSON.stringify(MESSAGES));
    await vi.waitFor(() => expect(gateway.requests).toHaveLength(1), 10_000);
    request.destroy();
    expect(await only()).toMatchObject({
      status: 499,
      outcome: 'abandoned',
      code: 'client_closed',
      attempts: [{ accountId: 'a1', startedMs: 1, endedMs: 2 }],
    });
  });

  it.each([
    ['/health', 'health'],
    ['/api/hello', 'probe'],
    ['/v1/models', 'models'],
    ['/', 'page'],
  ])('can tell a request for %s from one for a reply', async (path, kind) => {
    const { server, only } = await serveObserved();
    await send(server, path, { headers: KEY });
    expect(await only()).toMatchObject({ kind, outcome: 'ok', routePath: path });
  });
});
