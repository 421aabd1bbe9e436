import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { answerOf, CHAT, createFakeGateway, createPushed, END, serve } from '../../test/support/serving.ts';
import { TextPiece } from '../core/text.ts';
import { estimated } from '../core/usage.ts';
import { answerBrokenRequests } from './broken-request.ts';

class Answered extends Duplex {
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** A client that never closes its side, and the server's end of its connection. */
async function connectTo(timeoutMs: number): Promise<{ client: Socket; accepted: Socket }> {
  const timeouts = { headersTimeout: timeoutMs, requestTimeout: timeoutMs, connectionsCheckingInterval: 20 };
  const server = createServer({ ...timeouts, maxHeaderSize: 8_192 });
  server.on('clientError', answerBrokenRequests(() => false) as (error: Error, socket: unknown) => void);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void client.destroy());
  client.on('error', () => {});
  const [accepted] = (await once(server, 'connection')) as [Socket];
  return { client, accepted };
}

describe('a broken request', () => {
  it.each([
    ['400 Bad Request', 'GARBAGE\r\n\r\n', 60_000],
    ['431 Request Header Fields Too Large', `GET / HTTP/1.1\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`, 60_000],
    ['408 Request Timeout', 'GET / HTTP/1.1\r\nhost: local', 50],
  ])(
    'is answered %s, and its connection is closed even if the client keeps it open',
    async (status, bytes, timeoutMs) => {
      const { client, accepted } = await connectTo(timeoutMs);
      const closed = once(accepted, 'close');
      client.write(bytes);
      const [answer] = await once(client, 'data');
      expect(String(answer)).toContain(`HTTP/1.1 ${status}\r\n`);
      await closed;
    },
  );

  it('is answered once, and not cut off while its client keeps sending', async () => {
    const { accepted } = await connectTo(60_000);
    const answer = answerBrokenRequests(() => false);
    const error = Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_METHOD' });
    answer(error, accepted);
    answer(error, accepted);
    expect(accepted.destroyed).toBe(false);
    await once(accepted, 'close');
  });

  it('is answered in a later turn if thousands become due in one, so that other requests are not delayed', async () => {
    const answer = answerBrokenRequests(() => false);
    const sockets = Array.from({ length: 1_000 }, () => new Answered());
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    for (const socket of sockets) answer(error, socket as Duplex as Socket); // it is written to, and destroyed
    const perTurn: number[] = [];
    let before = 0;
    while (before < sockets.length) {
      const now = sockets.filter((socket) => socket.writableEnded).length;
      perTurn.push(now - before);
      before = now;
      await nextTurn();
    }
    expect(Math.max(...perTurn)).toBe(200);
    await vi.waitFor(() => expect(sockets.every((socket) => socket.destroyed)).toBe(true), 5_000);
  });

  it('destroys the connection of an open reply instead of writing to it', async () => {
    const gateway = createFakeGateway();
    const pushed = createPushed();
    gateway.reply = async (request) => answerOf(request, pushed.batches);
    const server = await serve(gateway);
    const body = JSON.stringify({ ...CHAT, stream: true });
    const client = connect(server.port, '127.0.0.1');
    client.on('error', () => {});
    let heard = '';
    client.on('data', (chunk) => {
      heard += String(chunk);
    });
    client.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    pushed.push(
      { type: 'reply-start', inputTokens: estimated(10) },
      { type: 'text-start' },
      { type: 'text-delta', text: TextPiece.plain('Hello') },
    );
    while (!heard.includes('Hello')) await once(client, 'data');
    client.write('GARBAGE\r\n\r\n');
    await once(client, 'close');
    expect(heard).not.toContain('400 Bad Request');
    expect(gateway.requests[0]?.signal.aborted).toBe(true);
    pushed.push({ type: 'text-end' }, END);
  });
});
