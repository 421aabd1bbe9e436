import { once } from 'node:events';
import { connect } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createFakeResponses } from '../../test/support/fake-responses.ts';
import {
  CHAT,
  createFakeGateway,
  fixedKeys,
  MESSAGES,
  NO_ADMIN,
  post,
  send,
  serve,
} from '../../test/support/serving.ts';
import { GatewayError } from '../core/errors.ts';
import { BodyBudget } from './body-budget.ts';
import { startServer } from './server.ts';

describe('paths', () => {
  it.each([
    '/v1/chat/completions',
    '/chat/completions',
    '/v1/v1/chat/completions',
    '/openai/v1/chat/completions',
    '/openai/chat/completions',
    '/v1//chat/completions/',
    '//v1/chat/completions?api-version=1',
  ])('%s is Chat Completions', async (path) => {
    const server = await serve(createFakeGateway());
    const { status, json } = await post(server, path, CHAT);
    expect(status).toBe(200);
    expect(json()).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: 'Hello world' } }] });
  });

  it.each([
    '/v1/messages',
    '/messages',
    '/v1/v1/messages',
    '/anthropic/v1/messages',
    '/anthropic/messages',
    '/v1/messages?beta=true',
  ])('%s is Messages', async (path) => {
    const server = await serve(createFakeGateway());
    const { status, json } = await post(server, path, MESSAGES);
    expect(status).toBe(200);
    expect(json()).toMatchObject({ type: 'message', content: [{ type: 'text', text: 'Hello world' }] });
  });

  it('counts tokens without an upstream request', async () => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    const { status, json } = await post(server, '/v1/messages/count_tokens?beta=true', CHAT);
    expect([status, json()]).toEqual([200, { input_tokens: 10 }]);
    expect(gateway.requests).toEqual([]);
  });

  it.each<[string, string, Record<string, string>, number, object]>([
    ['GET', '/v1/embeddings', {}, 404, { error: { type: 'invalid_request_error' } }],
    [
      'GET',
      '/v1/embeddings',
      { 'anthropic-version': '2023-06-01' },
      404,
      { type: 'error', error: { type: 'not_found_error' } },
    ],
    ['GET', '/anthropic/v1/files', {}, 404, { type: 'error', error: { type: 'not_found_error' } }],
    ['GET', '/metrics', {}, 404, { error: { message: expect.stringContaining('does not serve this path') } }],
    ['GET', '/v1/fim/completions', {}, 405, { error: { message: expect.stringContaining('takes POST') } }],
    ['GET', '/v1/chat/completions', {}, 405, { error: { message: expect.stringContaining('takes POST') } }],
    ['DELETE', '/v1/messages', {}, 405, { type: 'error' }],
    ['PUT', '/v1/models', {}, 405, { error: {} }],
    ['GET', '/%zz', {}, 400, { error: {} }],
  ])('%s %s %j is rejected in the format of its client', async (method, path, headers, status, body) => {
    const server = await serve(createFakeGateway());
    const heard = await send(server, path, { method, headers });
    expect(heard.status).toBe(status);
    expect(heard.json()).toMatchObject(body);
    expect(heard.headers['x-request-id']).toMatch(/^req_[A-Za-z0-9]{24}$/);
    if (status === 405) expect(heard.headers.allow).toBeTruthy();
  });

  it('answers a WebSocket attempt with a hint to use HTTP', async () => {
    const server = await serve(createFakeGateway());
    const { status } = await send(server, '/v1/responses', {
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    });
    expect(status).toBe(426);
  });

  it.each([
    ['HEAD', '/', 200],
    ['HEAD', '/api/hello', 204],
    ['HEAD', '/v1/models', 200],
    ['OPTIONS', '*', 204],
    ['OPTIONS', '/v1/chat/completions', 204],
    ['OPTIONS', '/v1/responses/resp_1?stream=true', 204],
  ])('%s %s answers %i with and without keys, as warm-up requests expect', async (method, path, status) => {
    const headers = path === '/v1/models' ? { authorization: 'Bearer k' } : {};
    for (const apiKeys of [['k'], []]) {
      const server = await serve(createFakeGateway(), { apiKeys });
      const heard = await send(server, path, { method, headers });
      expect([heard.status, heard.text]).toEqual([status, '']);
    }
  });
});

describe('bodies', () => {
  const json = JSON.stringify(CHAT);
  const latin1 = (content: string) =>
    Buffer.from(JSON.stringify({ ...CHAT, messages: [{ role: 'user', content }] }), 'latin1');
  it.each<[string, Buffer]>([
    ['gzip', gzipSync(json)],
    ['deflate', deflateSync(json)],
    ['deflate', deflateRawSync(json)],
    ['br', brotliCompressSync(json)],
    ['zstd', zstdCompressSync(json)],
    ['identity', Buffer.from(`\uFEFF${json}`)],
  ])('reads %s', async (encoding, body) => {
    const server = await serve(createFakeGateway());
    expect(
      (await send(server, '/v1/chat/completions', { method: 'POST', headers: { 'content-encoding': encoding }, body }))
        .status,
    ).toBe(200);
  });

  it.each<[string, string | Buffer, Record<string, string>, number, RegExp]>([
    ['no JSON', '{"model":', {}, 400, /not valid JSON/],
    ['nothing', '', {}, 400, /no body/],
    ['no object', '[]', {}, 400, /./],
    ['bytes that are not UTF-8', latin1('café'), {}, 400, /not UTF-8/],
    ['many bytes that are not UTF-8', latin1('café '.repeat(10_000)), {}, 400, /not UTF-8/],
    ['an unknown encoding', json, { 'content-encoding': 'snappy' }, 400, /snappy/],
    ['the name of an inherited property as encoding', json, { 'content-encoding': 'constructor' }, 400, /constructor/],
    ['broken gzip', 'not gzip', { 'content-encoding': 'gzip' }, 400, /gzip/],
    ['more than the limit', 'x'.repeat(1_048_577), {}, 413, /1048576/],
    ['a bomb', gzipSync('x'.repeat(5_000_000)), { 'content-encoding': 'gzip' }, 413, /1048576/],
  ])('answers %s in both formats', async (_, body, headers, status, message) => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    for (const path of ['/v1/chat/completions', '/v1/messages']) {
      const heard = await post(server, path, body, headers);
      expect(heard.status).toBe(status);
      const told = heard.json();
      expect(told).toMatchObject(
        path === '/v1/messages'
          ? { type: 'error', request_id: heard.headers['request-id'] }
          : { error: { param: null } },
      );
      expect(told).toMatchObject({ error: { message: expect.stringMatching(message) } });
    }
    expect(gateway.requests).toEqual([]);
  });

  it('reads a replacement character that the client sent', async () => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    for (const content of ['a\ufffdb', 'a\ufffdb'.repeat(10_000)]) {
      const body = { ...CHAT, messages: [{ role: 'user', content }] };
      expect((await post(server, '/v1/chat/completions', body)).status).toBe(200);
      expect(JSON.stringify(gateway.requests.at(-1)?.request.conversation)).toContain(content);
    }
  });

  it('rejects an endless body while it arrives, with a response that the client can read', async () => {
    const server = await serve(createFakeGateway());
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 40; sent++) socket.write(chunk);
    const [head] = await once(socket, 'data');
    expect(String(head)).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    socket.end('0\r\n\r\n');
    await once(socket, 'close');
  });

  it('rejects a body by its content-length before it is sent', async () => {
    const server = await serve(createFakeGateway());
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      'POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999\r\nexpect: 100-continue\r\n\r\n',
    );
    const [head] = await once(socket, 'data');
    expect(String(head)).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('rejects endless headers with a message', async () => {
    const server = await serve(createFakeGateway());
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`);
    const [head] = await once(socket, 'data');
    expect(String(head)).toMatch(/^HTTP\/1\.1 431 [\s\S]*"error"/);
  });
});

describe('local mode', () => {
  const local = (headers: Record<string, string>, method = 'POST') => ({ method, headers, body: JSON.stringify(CHAT) });

  it.each([
    '127.0.0.1',
    'localhost',
    'localhost:8080',
    '127.1.2.3:9',
    '[::1]:8080',
    'dragoman.localhost',
    'LOCALHOST.',
  ])('serves %s', async (host) => {
    const server = await serve(createFakeGateway());
    expect((await send(server, '/v1/chat/completions', local({ host }))).status).toBe(200);
  });

  it.each([
    'evil.example',
    'evil.example:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '127.0.0.1@evil.example',
    '127.0.0.256',
    '0.0.0.0:8080',
    '192.168.1.5',
    '[::2]',
    '2130706433',
  ])('rejects the host name %s, against DNS rebinding', async (host) => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    for (const path of ['/v1/chat/completions', '/', '/health', '/nothing']) {
      const chat = path === '/v1/chat/completions';
      const heard = await send(server, path, chat ? local({ host }) : { headers: { host } });
      expect(heard.status).toBe(403);
      expect(heard.json()).toMatchObject({ error: { message: expect.stringContaining('DRAGOMAN_API_KEYS') } });
    }
    expect(gateway.requests).toEqual([]);
  });

  it.each(['https://evil.example', 'null', 'http://localhost:3000', 'file://', 'http://127.0.0.1.evil.example'])(
    'refuses pages of %s',
    async (origin) => {
      const gateway = createFakeGateway();
      const server = await serve(gateway, { corsOrigins: ['https://chat.example'] });
      const asked = await send(server, '/v1/messages', local({ origin, 'anthropic-version': '2023-06-01' }));
      expect(asked.status).toBe(403);
      expect(asked.json()).toMatchObject({ type: 'error', error: { type: 'permission_error' } });
      expect(asked.headers['access-control-allow-origin']).toBeUndefined();
      const preflight = await send(server, '/v1/messages', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      expect(preflight.status).toBe(403);
      expect(gateway.requests).toEqual([]);
    },
  );

  it('serves its own pages and the listed origins', async () => {
    const server = await serve(createFakeGateway(), { corsOrigins: ['https://chat.example'] });
    const own = { host: `127.0.0.1:${server.port}`, origin: `http://127.0.0.1:${server.port}` };
    expect((await send(server, '/v1/chat/completions', local(own))).status).toBe(200);
    const listed = await send(server, '/v1/chat/completions', local({ origin: 'https://chat.example' }));
    expect(listed.status).toBe(200);
    expect(listed.headers['access-control-allow-origin']).toBe('https://chat.example');
  });

  it.each(['0.0.0.0', '::', '192.168.0.1', 'example.com', '127.0.0.1.nip.io'])(
    'does not even listen on %s',
    async (host) => {
      const gateway = createFakeGateway();
      const listening = serveOn(host, gateway);
      await expect(listening).rejects.toThrow(/DRAGOMAN_API_KEYS/);
    },
  );

  function serveOn(host: string, gateway: ReturnType<typeof createFakeGateway>) {
    return startServer(
      {
        gateway,
        responses: createFakeResponses(),
        apiKeys: fixedKeys([]),
        keyLimiter: { admit: () => expect.fail('no key has limits'), use: () => expect.fail('no key has limits') },
        admin: NO_ADMIN,
        corsOrigins: [],
        limits: { maxBodyBytes: 1, bodies: new BodyBudget(1), pingIntervalMs: 1 },
        connections: { max: 10, writeTimeoutMs: 1_000 },
        version: '',
        consoleFolder: '',
        docsFolder: '',
        clock: createFakeClock(),
        log: { debug() {}, info() {}, warn() {}, error() {} },
        checkStore: async () => {},
        resolveModel: () => undefined,
      },
      { host, port: 0 },
    );
  }
});

describe('keys', () => {
  it.each<[string, Record<string, string>]>([
    ['a bearer', { authorization: 'Bearer key-two' }],
    ['a bearer in small letters', { authorization: 'bearer  key-two ' }],
    ['x-api-key', { 'x-api-key': 'key-two' }],
    ['api-key', { 'api-key': 'key-two' }],
    ['x-api-key beside a foreign authorization', { authorization: 'Basic abc', 'x-api-key': 'key-two' }],
  ])('accepts %s on both APIs', async (_, headers) => {
    const gateway = createFakeGateway();
    const server = await serve(gateway, { apiKeys: ['key-one', 'key-two'] });
    expect((await post(server, '/v1/chat/completions', CHAT, headers)).status).toBe(200);
    expect((await post(server, '/v1/messages', MESSAGES, headers)).status).toBe(200);
    expect(gateway.requests[0]?.request.client).toMatch(/^key-[0-9a-f]{12}$/);
    expect(gateway.requests[0]?.request.client).toBe(gateway.requests[1]?.request.client);
  });

  it.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['an empty one', { authorization: 'Bearer ' }],
    ['a wrong one', { 'x-api-key': 'key' }],
    ['the key as a basic password', { authorization: 'Basic key-two' }],
  ])('rejects %s with a header that stops retries', async (_, headers) => {
    const gateway = createFakeGateway();
    const server = await serve(gateway, { apiKeys: ['key-two'] });
    const openai = await post(server, '/v1/chat/completions', CHAT, headers);
    expect([openai.status, openai.headers['x-should-retry']]).toEqual([401, 'false']);
    expect(openai.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    const anthropic = await post(server, '/v1/messages', MESSAGES, headers);
    expect([anthropic.status, anthropic.headers['x-should-retry']]).toEqual([401, 'false']);
    expect(anthropic.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    expect((await send(server, '/v1/models', { headers })).status).toBe(401);
    expect((await post(server, '/v1/messages/count_tokens', CHAT, headers)).status).toBe(401);
    expect(gateway.requests).toEqual([]);
  });

  it('are not needed for health checks and other probes', async () => {
    const server = await serve(createFakeGateway(), { apiKeys: ['k'] });
    for (const path of ['/', '/health', '/healthz', '/readyz', '/docs', '/openapi.json']) {
      expect((await send(server, path, { headers: { host: 'gateway.example' } })).status).toBe(200);
    }
  });

  it('serves all requests as one client if there are no keys', async () => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    await post(server, '/v1/chat/completions', CHAT, { authorization: 'Bearer anything' });
    expect(gateway.requests[0]?.request.client).toBe('local');
  });
});

describe('pages of other origins', () => {
  const origin = 'https://chat.example';
  const preflight = {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-stainless-os,anthropic-version',
      'access-control-request-private-network': 'true',
    },
  };

  it('pass a preflight without a key, with the headers that they request', async () => {
    const server = await serve(createFakeGateway(), { apiKeys: ['k'] });
    for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/whatever', '/models']) {
      const { status, headers, text } = await send(server, path, preflight);
      expect([status, text]).toEqual([204, '']);
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
        'access-control-allow-headers': 'authorization,x-stainless-os,anthropic-version',
        'access-control-max-age': '86400',
        'access-control-allow-private-network': 'true',
      });
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  it('can read every response: complete, streamed, rejected and not found', async () => {
    const server = await serve(createFakeGateway(), { apiKeys: ['k'] });
    const headers = { origin, authorization: 'Bearer k' };
    const answers = [
      await post(server, '/v1/chat/completions', CHAT, headers),
      await post(server, '/v1/messages', { ...MESSAGES, stream: true }, headers),
      await post(server, '/v1/messages', 'nonsense', headers),
      await post(server, '/v1/messages', MESSAGES, { origin }),
      await send(server, '/v1/nothing', { headers }),
      await send(server, '/health', { headers }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 401, 404, 200]);
    for (const { headers: heard } of answers) {
      expect(heard['access-control-allow-origin']).toBe('*');
      expect(heard['access-control-expose-headers']).toContain('x-should-retry');
    }
  });

  it('are limited to the configured ones, if any', async () => {
    const server = await serve(createFakeGateway(), { apiKeys: ['k'], corsOrigins: [origin] });
    const listed = await send(server, '/v1/messages', preflight);
    expect(listed.headers).toMatchObject({
      'access-control-allow-origin': origin,
      vary: expect.stringContaining('Origin'),
    });
    const other = await send(server, '/v1/messages', {
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://evil.example' },
    });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    for (const [sender, allowed] of [
      [origin, origin],
      ['https://evil.example', undefined],
    ] as const) {
      const { headers } = await post(server, '/v1/messages', MESSAGES, { origin: sender, 'x-api-key': 'k' });
      expect(headers).toMatchObject({ vary: 'Origin' });
      expect(headers['access-control-allow-origin']).toBe(allowed);
    }
  });

  it.each([
    [[], '*'],
    [['*'], '*'],
    [['https://chat.example'], undefined],
  ])('of the list %j: an answer to a request without an origin allows %s', async (corsOrigins, allowed) => {
    const server = await serve(createFakeGateway(), { apiKeys: ['k'], corsOrigins });
    for (const path of ['/v1/messages', '/v1/nothing']) {
      const { headers } = await post(server, path, MESSAGES, { 'x-api-key': 'k' });
      expect(headers).toMatchObject({ vary: 'Origin' });
      expect(headers['access-control-allow-origin']).toBe(allowed);
    }
  });
});

describe('a content type', () => {
  it.each([
    ['application/json', 200],
    ['application/json; charset=utf-8', 200],
    ['APPLICATION/JSON', 200],
    ['text/plain', 200],
    ['nonsense', 400],
  ])('%s is answered %i: bodies are read as JSON whatever they are said to be', async (type, expected) => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    const { status } = await post(server, '/v1/messages', MESSAGES, { 'content-type': type });
    expect(status).toBe(expected);
    expect(gateway.requests).toHaveLength(expected === 200 ? 1 : 0);
  });
});

describe('models', () => {
  const anthropic = { 'anthropic-version': '2023-06-01' };
  async function withModels() {
    const gateway = createFakeGateway();
    gateway.catalogue = { models: ['claude-sonnet-4.5', 'vendor/model'].map(modelOf), defaultModelId: undefined };
    return serve(gateway);
  }

  it('are listed in the formats of both vendors at once, and in that of Codex on request', async () => {
    const server = await withModels();
    const list = (await send(server, '/v1/models')).json();
    expect(list).toMatchObject({
      object: 'list',
      data: [{ id: 'claude-sonnet-4.5', object: 'model', type: 'model' }, {}],
      has_more: false,
    });
    expect((await send(server, '/v1/models', { headers: anthropic })).json()).toEqual(list);
    expect(list).not.toHaveProperty('models');
    expect((await send(server, '/v1/models?client_version=0.171.0')).json()).toMatchObject({
      object: 'list',
      models: [{ slug: 'claude-sonnet-4.5' }, { slug: 'vendor/model' }],
    });
    const listed = await send(server, '/v1/models?limit=1', { headers: anthropic });
    expect(listed.json()).toMatchObject({
      data: [{ type: 'model', id: 'claude-sonnet-4.5' }],
      has_more: true,
      last_id: 'claude-sonnet-4.5',
    });
    expect((await send(server, '/anthropic/v1/models?limit=x')).status).toBe(400);
  });

  it.each([
    ['/v1/models/claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['/v1/models/claude-sonnet-4.5-20250929', 'claude-sonnet-4.5-20250929'],
    ['/models/vendor/model', 'vendor/model'],
    ['/v1/models/vendor%2Fmodel', 'vendor/model'],
  ])('are found at %s, under the requested name', async (path, id) => {
    const server = await withModels();
    expect((await send(server, path)).json()).toMatchObject({ id, object: 'model' });
    expect((await send(server, path, { headers: anthropic })).json()).toMatchObject({ id, type: 'model' });
  });

  it.each([
    ['chat/completions', { messages: CHAT.messages }],
    ['completions', { prompt: 'Hi' }],
    ['responses', { input: 'Hi' }],
  ])('are read from Azure paths: %s', async (endpoint, body) => {
    const gateway = createFakeGateway();
    const server = await serve(gateway);
    const path = `/openai/deployments/gpt%2D4o/${endpoint}?api-version=2024-10-21`;
    expect((await post(server, path, body)).json()).toMatchObject({ model: 'gpt-4o' });
    expect((await post(server, path, { ...body, model: 'mine' })).json()).toMatchObject({ model: 'mine' });
  });

  it('that do not exist get 404 in both formats', async () => {
    const server = await withModels();
    const openai = await send(server, '/v1/models/foo-9');
    expect([openai.status, openai.json()]).toMatchObject([404, { error: { code: 'model_not_found' } }]);
    const other = await send(server, '/v1/models/foo-9', { headers: anthropic });
    expect([other.status, other.json()]).toMatchObject([404, { error: { type: 'not_found_error' } }]);
  });

  function modelOf(id: string) {
    return {
      id,
      name: id,
      description: undefined,
      maxInputTokens: 200_000,
      maxOutputTokens: undefined,
      takesImages: true,
      promptCaching: false,
      rateMultiplier: undefined,
      rateUnit: undefined,
      reasoningSchema: undefined,
    };
  }
});

describe('health and status', () => {
  it.each<[number, number, boolean, number]>([
    [1, 2, true, 200],
    [0, 2, true, 503],
    [1, 1, false, 503],
  ])('with %i of %i accounts ready and a working store: %s, is %i', async (ready, total, store, status) => {
    const gateway = createFakeGateway();
    gateway.accounts = { ready, total };
    const server = await serve(gateway, {
      checkStore: () => (store ? Promise.resolve() : Promise.reject(new Error('disk'))),
    });
    const health = await send(server, '/health');
    expect(health.json()).toEqual({
      status: 'healthy',
      has_token: true,
      token_expired: false,
      accounts: { ready, total },
    });
    expect((await send(server, '/readyz')).status).toBe(status);
  });

  it('is not ready when the store throws', async () => {
    const server = await serve(createFakeGateway(), { checkStore: () => Promise.reject(new Error('disk')) });
    expect((await send(server, '/readyz')).status).toBe(503);
  });

  it('describes its API with all bodies', async () => {
    const server = await serve(createFakeGateway());
    const described = (await send(server, '/openapi.json')).json();
    expect(described).toMatchObject({ openapi: '3.1.0', info: { title: 'dragoman', version: '9.9.9' } });
    expect(described).toHaveProperty([
      'paths',
      '/v1/messages',
      'post',
      'requestBody',
      'content',
      'application/json',
      'schema',
      'properties',
      'messages',
    ]);
    expect(described).toHaveProperty(['paths', '/v1/models/{id}', 'get']);
  });

  it('reports errors of the catalogue', async () => {
    const gateway = createFakeGateway();
    gateway.catalogue = new GatewayError('no_account', 'No account is signed in.', { retryAfterMs: 5_000 });
    const server = await serve(gateway);
    const heard = await send(server, '/v1/models');
    expect([heard.status, heard.headers['retry-after']]).toEqual([503, '5']);
    expect(heard.json()).toMatchObject({ error: { message: 'No account is signed in.' } });
  });
});
