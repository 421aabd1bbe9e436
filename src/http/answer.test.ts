import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { remaining } from '../../test/support/collect-garbage.ts';
import {
  answerOf,
  CHAT,
  createFakeGateway,
  createPushed,
  END,
  MESSAGES,
  post,
  send,
  serve,
  textReply,
} from '../../test/support/serving.ts';
import { adjustment } from '../core/adjustments.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ReplyEvent } from '../core/reply.ts';
import { TextPiece } from '../core/text.ts';
import { estimated } from '../core/usage.ts';
import type { Answer, AskRequest } from '../gateway/ports.ts';
import type { RunningServer } from './ports.ts';

const START: ReplyEvent[] = [{ type: 'reply-start', inputTokens: estimated(1) }, { type: 'text-start' }];
const delta = (text: string): ReplyEvent => ({ type: 'text-delta', text: TextPiece.plain(text) });
const FINISH: ReplyEvent[] = [{ type: 'text-end' }, END];

/** A raw request whose response can be observed byte by byte. */
async function stream(server: RunningServer, path: string, body: object, key = 'any'): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  const text = JSON.stringify({ ...body, stream: true });
  socket.setEncoding('utf8');
  const headers = `host: localhost\r\nx-api-key: ${key}\r\ncontent-length: ${Buffer.byteLength(text)}`;
  socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n${text}`);
  await once(socket, 'connect');
  return socket;
}

async function nextData(socket: Socket): Promise<string> {
  const [data] = await once(socket, 'data');
  return String(data);
}

function pushedGateway() {
  const gateway = createFakeGateway();
  const pushed = createPushed();
  const asked = Promise.withResolvers<AskRequest>();
  const answer = Promise.withResolvers<Answer>();
  gateway.reply = (request) => {
    asked.resolve(request);
    return answer.promise;
  };
  const begin = async () => answer.resolve(answerOf(await asked.promise, pushed.batches));
  return { gateway, pushed, asked: asked.promise, begin, fail: answer.reject };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the group of accounts', () => {
  const ask = async (group: string) => {
    const gateway = createFakeGateway();
    const heard = await post(await serve(gateway), '/v1/chat/completions', CHAT, { 'x-dragoman-group': group });
    return { heard, asked: gateway.requests.map(({ request }) => request.group) };
  };

  it('is the one named by the client', async () => {
    expect((await ask('team-a')).asked).toEqual(['team-a']);
  });

  it.each(['Team A', 'a/b', `g${'x'.repeat(40)}`])('is rejected if it is not a valid name: %s', async (group) => {
    const { heard, asked } = await ask(group);
    expect(heard.status).toBe(400);
    expect(heard.text).toContain('x-dragoman-group is not a group name');
    expect(asked).toEqual([]);
  });
});

describe('a streamed reply', () => {
  it('is written to the socket once per batch', async () => {
    const { gateway, pushed, begin } = pushedGateway();
    const socket = await stream(await serve(gateway), '/v1/messages', MESSAGES);
    await begin();
    pushed.push(...START, delta('One '), delta('two'));
    const first = await nextData(socket);
    expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*event: message_start[\s\S]*One [\s\S]*two/);
    pushed.push(delta('three'));
    const second = await nextData(socket);
    expect(second).toMatch(/^[0-9a-f]+\r\nevent: content_block_delta\ndata: .*three.*\n\n\r\n$/);
    pushed.push(...FINISH);
    pushed.end();
    expect(await nextData(socket)).toContain('message_stop');
    socket.destroy();
  });

  it('is written with the end of the response if it is complete', async () => {
    const { gateway, pushed, begin } = pushedGateway();
    const socket = await stream(await serve(gateway), '/v1/messages', MESSAGES);
    await begin();
    pushed.push(...START, delta('All of it'), ...FINISH);
    pushed.end();
    expect(await nextData(socket)).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*All of it[\s\S]*message_stop[\s\S]*\r\n0\r\n\r\n$/,
    );
    socket.destroy();
  });

  it('is written without waiting for the next tick', async () => {
    const { gateway, pushed, begin } = pushedGateway();
    const socket = await stream(await serve(gateway), '/v1/messages', MESSAGES);
    await begin();
    pushed.push(...START, delta('One '));
    await nextData(socket);
    const nextTick = vi.spyOn(process, 'nextTick');
    pushed.push(delta('two'));
    await nextData(socket);
    const functions = nextTick.mock.calls.map(([callback]) => callback.name);
    nextTick.mockRestore();
    expect(functions).not.toContain('connectionCorkNT');
    expect(functions).not.toContain('afterWriteTick');
    socket.destroy();
  });

  it('has headers for its format, its route and its adjustments', async () => {
    const gateway = createFakeGateway();
    gateway.reply = async (request) => ({
      ...answerOf(
        request,
        (async function* () {
          yield* textReply('x');
        })(),
      ),
      adjustments: [
        adjustment('tool-name-alias', 'tools[0].name'),
        adjustment('field-ignored', 'metadata["a;b\u00e9"]'),
      ],
    });
    const { headers } = await post(
      await serve(gateway),
      '/v1/messages',
      { ...MESSAGES, stream: true },
      { 'accept-encoding': 'gzip, br' },
    );
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-dragoman-adjustments': 'tool-name-alias@tools[0].name; field-ignored@metadata[_a_b__]',
      'x-dragoman-route': 'account="acc_1", model="claude-sonnet-4.5", profile="q-rest", attempt=1',
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['request-id']).toBe(headers['x-request-id']);
  });

  it('adds the headers that the OpenAI API sends', async () => {
    const { headers } = await post(await serve(createFakeGateway()), '/v1/chat/completions', { ...CHAT, stream: true });
    expect(headers).toMatchObject({
      'openai-version': '2020-10-01',
      'openai-processing-ms': expect.stringMatching(/^\d+$/),
    });
  });

  it('limits its notes to the header size that clients accept', async () => {
    const gateway = createFakeGateway();
    gateway.reply = async (request) => ({
      ...answerOf(
        request,
        (async function* () {
          yield* textReply('x');
        })(),
      ),
      adjustments: Array.from({ length: 500 }, (_, index) => adjustment('field-ignored', `messages[${index}].name`)),
    });
    const { headers } = await post(await serve(gateway), '/v1/messages', MESSAGES);
    expect(String(headers['x-dragoman-adjustments'])).toMatch(/^field-ignored@messages\[0\]\.name; .*; \+\d+$/);
    expect(String(headers['x-dragoman-adjustments']).length).toBeLessThan(2_200);
  });

  it('reports a failure before the first byte by its status, in the format of the API', async () => {
    const gateway = createFakeGateway();
    gateway.reply = new GatewayError('upstream_throttled', 'The service is busy.', { retryAfterMs: 2_500 });
    const server = await serve(gateway);
    const openai = await post(server, '/v1/chat/completions', { ...CHAT, stream: true });
    expect([openai.status, openai.headers['retry-after']]).toEqual([429, '3']);
    expect(openai.json()).toMatchObject({ error: { message: 'The service is busy.', code: 'rate_limit_exceeded' } });
    const anthropic = await post(server, '/v1/messages', { ...MESSAGES, stream: true });
    expect([anthropic.status, anthropic.headers['retry-after']]).toEqual([429, '3']);
    expect(anthropic.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
  });

  it('does not reveal the cause of an unexpected error', async () => {
    const gateway = createFakeGateway();
    gateway.reply = () => Promise.reject(new Error('marked-cause'));
    const server = await serve(gateway);
    for (const path of ['/v1/messages', '/v1/chat/completions']) {
      const heard = await post(server, path, MESSAGES);
      expect(heard.status).toBe(500);
      expect(heard.text).not.toContain('marked');
    }
  });

  it.each([
    ['/v1/messages', /event: error\ndata: .*"type":"error"/, /message_stop|end_turn/],
    ['/v1/chat/completions', /data: \{"error":/, /"finish_reason":"stop"/],
  ])('%s reports a late failure as an error event and does not complete the reply', async (path, error, ending) => {
    const gateway = createFakeGateway();
    const failed: ReplyEvent = {
      type: 'reply-error',
      error: new GatewayError('upstream_broken', 'The service hung up.'),
    };
    gateway.reply = [[...START, delta('half')], [failed]];
    const { status, text } = await post(await serve(gateway), path, { ...MESSAGES, stream: true });
    expect(status).toBe(200);
    expect(text).toMatch(error);
    expect(text).not.toMatch(ending);
  });

  it('ends with an error if the reply events stop without an end', async () => {
    const gateway = createFakeGateway();
    gateway.reply = [[...START, delta('half')]];
    const server = await serve(gateway);
    expect((await post(server, '/v1/messages', { ...MESSAGES, stream: true })).text).toMatch(/event: error/);
    expect((await post(server, '/v1/messages', MESSAGES)).status).toBe(502);
  });

  it('waits for a slow reader instead of buffering in memory', async () => {
    const { gateway, pushed, begin } = pushedGateway();
    const socket = await stream(await serve(gateway), '/v1/messages', MESSAGES);
    socket.pause();
    await begin();
    const big = delta('x'.repeat(1_000_000));
    pushed.push(...START);
    for (let count = 0; count < 200; count++) pushed.push(big);
    pushed.push(...FINISH);
    pushed.end();
    await vi.waitFor(() => expect(pushed.pulls).toBeGreaterThan(2), 10_000);
    await new Promise((resolve) => setImmediate(resolve));
    const whileBlocked = pushed.pulls;
    expect(whileBlocked).toBeLessThan(60);
    let length = 0;
    socket.on('data', (data) => {
      length += data.length;
      if (String(data).includes('message_stop')) socket.end();
    });
    socket.resume();
    await once(socket, 'close');
    expect(length).toBeGreaterThan(200_000_000);
    expect(pushed.pulls).toBeGreaterThan(whileBlocked);
  });
});

describe('an open reply', () => {
  it('keeps nothing of the conversation, which may be large', async () => {
    const gateway = createFakeGateway();
    const pushed = createPushed();
    const references: WeakRef<object>[] = [];
    gateway.ask = async (request) => {
      references.push(new WeakRef(request.conversation));
      return answerOf(request, pushed.batches);
    };
    const socket = await stream(await serve(gateway), '/v1/chat/completions', CHAT);
    pushed.push(...START, delta('first'));
    expect(await nextData(socket)).toContain('first');
    expect(references).toHaveLength(1);
    expect(await remaining(references)).toBe(0);
    pushed.push(...FINISH);
    expect(await nextData(socket)).toContain('[DONE]');
    socket.destroy();
  });
});

describe('a silent model', () => {
  it.each([
    ['/v1/messages', 'event: ping\ndata: {"type":"ping"}\n\n', /event: message_start/],
    ['/v1/chat/completions', ': ', /chat\.completion\.chunk/],
  ])('%s is kept alive by pings before and between events', async (path, ping, begun) => {
    const { gateway, pushed, asked, begin } = pushedGateway();
    const server = await serve(gateway);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const socket = await stream(server, path, MESSAGES);
    await asked;
    vi.advanceTimersByTime(9_999);
    expect(socket.bytesRead).toBe(0);
    vi.advanceTimersByTime(1);
    const first = await nextData(socket);
    expect(first).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(first).toContain(ping);
    vi.advanceTimersByTime(10_000);
    expect(await nextData(socket)).toContain(ping);
    await begin();
    pushed.push(...START, delta('at last'));
    expect(await nextData(socket)).toMatch(begun);
    vi.advanceTimersByTime(10_000);
    expect(await nextData(socket)).toContain(ping);
    pushed.push(...FINISH);
    pushed.end();
    await nextData(socket);
    socket.destroy();
  });

  it('reports a failure as an event once a ping has been sent', async () => {
    const { gateway, asked, fail } = pushedGateway();
    const server = await serve(gateway);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const socket = await stream(server, '/v1/messages', MESSAGES);
    await asked;
    vi.advanceTimersByTime(10_000);
    await nextData(socket);
    fail(new GatewayError('upstream_overloaded', 'Too busy.'));
    expect(await nextData(socket)).toMatch(/event: error\ndata: .*Too busy\./);
    socket.destroy();
  });

  it('writes nothing of a non-streamed reply before it is complete', async () => {
    const { gateway, pushed, asked, begin } = pushedGateway();
    const server = await serve(gateway);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const heard = post(server, '/v1/messages', MESSAGES);
    await asked;
    vi.advanceTimersByTime(60_000);
    await begin();
    pushed.push(...START, delta('whole'), ...FINISH);
    pushed.end();
    expect((await heard).json()).toMatchObject({
      content: [{ type: 'text', text: 'whole' }],
      usage: { output_tokens: 3 },
    });
  });
});

describe('a client that leaves', () => {
  it.each([true, false])('stops the upstream at once (streamed: %s)', async (streamed) => {
    const { gateway, pushed, asked, begin } = pushedGateway();
    const server = await serve(gateway);
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path: '/v1/messages', method: 'POST' });
    request.on('error', () => {});
    request.end(JSON.stringify({ ...MESSAGES, stream: streamed }));
    await asked;
    await begin();
    pushed.push(...START, delta('x'));
    if (streamed) await once(request, 'response');
    const signal = gateway.requests[0]?.signal;
    expect(signal?.aborted).toBe(false);
    const aborted = once(signal as AbortSignal, 'abort'); // asked, so there is one
    request.destroy();
    await aborted;
    pushed.push(delta('sent after the client has left'));
    if (streamed) await vi.waitFor(() => expect(pushed.returned).toBe(true), 10_000);
  });

  it('is not assumed after a complete reply', async () => {
    const gateway = createFakeGateway();
    await post(await serve(gateway), '/v1/messages', { ...MESSAGES, stream: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.requests[0]?.signal.aborted).toBe(false);
  });
});

describe('the log line', () => {
  async function linesOf(use: (server: RunningServer) => Promise<unknown>, reply = createFakeGateway().reply) {
    const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
    const writer = (level: string) => (fields: object, message: string) =>
      void lines.push({ level, fields: { ...fields }, message });
    const log: Log = { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
    const gateway = createFakeGateway();
    gateway.reply = reply;
    await use(await serve(gateway, { log, apiKeys: ['marked-key'] }));
    await vi.waitFor(() => expect(lines).not.toEqual([]), 10_000);
    return lines;
  }
  const auth = { authorization: 'Bearer marked-key' };
  const secret = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'marked-text' }] };

  it('contains ids, model, status, duration, usage with its source, route and adjustments', async () => {
    const [line] = await linesOf((server) =>
      post(server, '/v1/messages?marked=1', { ...secret, stream: true, top_k: 3 }, auth),
    );
    expect(line).toMatchObject({
      level: 'info',
      message: 'POST /v1/messages 200',
      fields: {
        requestId: expect.stringMatching(/^req_/),
        client: expect.stringMatching(/^key-/),
        model: 'm',
        stream: true,
        status: 200,
        durationMs: expect.any(Number),
        usage: { inputTokens: '12 measured', outputTokens: '3 measured' },
        route: { accountId: 'acc_1', attempt: 1 },
      },
    });
    expect(JSON.stringify(line)).not.toContain('marked');
  });

  it.each<
    [
      string,
      string,
      Parameters<typeof post>[2],
      Record<string, string>,
      ReturnType<typeof createFakeGateway>['reply'],
      object,
    ]
  >([
    [
      'a bad body',
      '/v1/messages',
      '{"marked',
      auth,
      [],
      { level: 'info', fields: { status: 400, code: 'invalid_request' } },
    ],
    [
      'a wrong key',
      '/v1/messages',
      secret,
      { authorization: 'Bearer marked-wrong' },
      [],
      { level: 'info', fields: { status: 401 } },
    ],
    ['an unknown path', '/v1/marked-not/../x?key=marked', secret, auth, [], { level: 'info', fields: { status: 404 } }],
    [
      'a late failure',
      '/v1/messages',
      { ...secret, stream: true },
      auth,
      [[...START, delta('marked')]],
      { level: 'warn', fields: { status: 200, code: 'upstream_broken' } },
    ],
    [
      'a failure of the service',
      '/v1/messages',
      secret,
      auth,
      new GatewayError('upstream_broken', 'hung up'),
      { level: 'warn', fields: { status: 502, error: { message: 'hung up' } } },
    ],
  ])('contains %s without any text of the request or the reply', async (_, path, body, headers, reply, expected) => {
    const lines = await linesOf((server) => post(server, path, body, headers), reply);
    expect(lines[0]).toMatchObject(expected);
    expect(JSON.stringify(lines).replaceAll('marked-not', '')).not.toContain('marked');
  });

  it('reports that the client disconnected', async () => {
    const { gateway, pushed, begin } = pushedGateway();
    const lines = await linesOf(async (server) => {
      const socket = await stream(server, '/v1/messages', secret, 'marked-key');
      await begin();
      pushed.push(...START, delta('x'));
      await nextData(socket);
      socket.destroy();
    }, gateway.reply);
    expect(lines[0]).toMatchObject({
      message: 'POST /v1/messages 200 client_closed',
      fields: { code: 'client_closed' },
    });
  });

  it('is written at debug level for health checks', async () => {
    expect((await linesOf((server) => send(server, '/healthz')))[0]).toMatchObject({ level: 'debug' });
  });
});

describe('a server that stops', () => {
  it('finishes open replies and accepts no new requests', async () => {
    const { gateway, pushed, begin } = pushedGateway();
    const server = await serve(gateway);
    const socket = await stream(server, '/v1/messages', MESSAGES);
    await begin();
    pushed.push(...START, delta('still '));
    await nextData(socket);
    const closed = server.close(60_000);
    await expect(send(server, '/health')).rejects.toThrow(/ECONNREFUSED/);
    pushed.push(delta('here'), ...FINISH);
    pushed.end();
    expect(await nextData(socket)).toMatch(/here[\s\S]*message_stop/);
    await closed;
  });

  it('ends replies that take too long with an error, and closes', async () => {
    const { gateway, pushed, begin } = pushedGateway();
    gateway.reply = ((original) => async (request: AskRequest, signal: AbortSignal) => {
      // Like the real gateway, which knows only that it was stopped.
      signal.addEventListener('abort', () => {
        pushed.push({
          type: 'reply-error',
          error: new GatewayError('client_closed', 'The client closed the connection.'),
        });
        pushed.end();
      });
      return original(request, signal);
    })(gateway.reply as (request: AskRequest, signal: AbortSignal) => Promise<Answer>);
    const server = await serve(gateway);
    const socket = await stream(server, '/v1/messages', MESSAGES);
    await begin();
    pushed.push(...START, delta('endless'));
    await nextData(socket);
    const closed = server.close(1);
    expect(await nextData(socket)).toMatch(/event: error\ndata: .*shutting down/);
    await closed;
  });
});
