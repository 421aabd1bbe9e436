import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { answerOf, createFakeGateway, END, type FakeGateway, serve, textReply } from '../../test/support/serving.ts';
import type { Log } from '../core/log.ts';
import type { ReplyEvent } from '../core/reply.ts';
import { TextPiece } from '../core/text.ts';
import { estimated } from '../core/usage.ts';

const TIMEOUT_MS = 400;
const PIECE = 'x'.repeat(64 * 1024);
/** Larger than the buffers of a loopback connection. */
const PIECES = 400;

const PROTOCOLS = [
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }],
  ['/v1/responses', { input: 'Hi', store: false }],
  ['/v1/messages', { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 9 }],
] as const;
const CASES = PROTOCOLS.flatMap(([path, body]) =>
  [true, false].map((stream) => [stream ? 'streamed' : 'whole', path, { model: 'auto', stream, ...body }] as const),
);

function requestOf(path: string, body: object): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
}

async function start(gateway: FakeGateway, timeoutMs = TIMEOUT_MS) {
  const lines: object[] = [];
  const write = (fields: object) => void lines.push(fields);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const server = await serve(gateway, { log, connections: { max: 100, writeTimeoutMs: timeoutMs } });
  return { server, lines };
}

async function open(port: number, request: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(request);
  return socket;
}

/** A reply that continues for as long as it is read, and reports when its reader has stopped. */
function endless(): { readonly batches: AsyncGenerator<readonly ReplyEvent[]>; readonly left: Promise<void> } {
  const left = Promise.withResolvers<void>();
  const delta: ReplyEvent = { type: 'text-delta', text: TextPiece.plain(PIECE) };
  async function* batches(): AsyncGenerator<readonly ReplyEvent[]> {
    try {
      yield [{ type: 'reply-start', inputTokens: estimated(10) }, { type: 'text-start' }];
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        yield [delta];
      }
    } finally {
      left.resolve();
    }
  }
  return { batches: batches(), left: left.promise };
}

describe('a client that stops reading its response', () => {
  it.each(CASES)('is disconnected, with a %s response of %s', async (_, path, body) => {
    const gateway = createFakeGateway();
    const { left, batches } = endless();
    gateway.reply = body.stream
      ? async (request) => answerOf(request, batches)
      : textReply(...Array(PIECES).fill(PIECE));
    const { server, lines } = await start(gateway);
    await open(server.port, requestOf(path, body));
    await vi.waitFor(() => expect(lines).toContainEqual(expect.objectContaining({ path, code: 'client_stalled' })), {
      timeout: 10_000,
    });
    expect(gateway.requests[0]?.signal.aborted).toBe(true);
    if (body.stream) await left;
  });

  it('is disconnected with all responses queued on its connection', async () => {
    const gateway = createFakeGateway();
    const { left, batches } = endless();
    const texts = textReply(...Array(PIECES).fill(PIECE));
    async function* queued() {
      for (const batch of texts) yield batch;
      yield [END];
    }
    gateway.reply = async (request) => answerOf(request, gateway.requests.length === 1 ? batches : queued());
    const { server, lines } = await start(gateway);
    const [path, body] = PROTOCOLS[0];
    const request = requestOf(path, { model: 'auto', stream: true, ...body });
    await open(server.port, request + request);
    await left;
    await vi.waitFor(() => expect(lines.filter((line) => 'code' in line)).toHaveLength(2), { timeout: 10_000 });
    expect(gateway.requests.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  it('is not disconnected while it reads slowly', async () => {
    const gateway = createFakeGateway();
    const text = PIECE.repeat(PIECES);
    gateway.reply = textReply(text);
    const { server, lines } = await start(gateway);
    const [path, body] = PROTOCOLS[0];
    const socket = await open(server.port, requestOf(path, { model: 'auto', ...body }));
    let read = 0;
    for await (const chunk of socket) {
      read += chunk.length;
      // A full buffer at a time, with pauses that together are a multiple of the limit.
      if (read % (4 * 1024 * 1024) < 65_536) await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS / 4));
      if (read > text.length) break;
    }
    expect(read).toBeGreaterThan(text.length);
    expect(lines).not.toContainEqual(expect.objectContaining({ code: 'client_stalled' }));
  });

  it('is not disconnected because the service is silent', async () => {
    const gateway = createFakeGateway();
    const pause = Promise.withResolvers<void>();
    async function* batches() {
      const [first = [], ...rest] = textReply('Hello');
      yield first;
      await pause.promise;
      yield* rest;
    }
    gateway.reply = async (request) => answerOf(request, batches());
    const { server } = await start(gateway);
    const [path, body] = PROTOCOLS[0];
    const socket = await open(server.port, requestOf(path, { model: 'auto', stream: true, ...body }));
    await once(socket, 'data');
    await new Promise((resolve) => setTimeout(resolve, 3 * TIMEOUT_MS));
    pause.resolve();
    let rest = '';
    socket.on('data', (data) => {
      rest += String(data);
    });
    await expect.poll(() => rest).toContain('[DONE]');
  });
});
