import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  answerOf,
  CHAT,
  createFakeGateway,
  createPushed,
  END,
  send,
  serve,
  textReply,
} from '../../test/support/serving.ts';
import type { RunningServer } from './ports.ts';

async function open(port: number, bytes = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (bytes !== '') socket.write(bytes);
  return socket;
}

/** Resolves once the server has read what earlier connections have sent: it accepts connections in order. */
async function untilRead(server: RunningServer): Promise<void> {
  expect((await send(server, '/health')).status).toBe(200);
}

const HEALTH = 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n';
const body = JSON.stringify({ ...CHAT, stream: true });
const STREAM = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

function pushedGateway() {
  const gateway = createFakeGateway();
  const pushed = createPushed();
  gateway.reply = async (request) => answerOf(request, pushed.batches);
  return { gateway, pushed };
}

describe('more connections than allowed', () => {
  const connections = { max: 3, writeTimeoutMs: 60_000 };

  it('close the connection idle for the longest, never one with an open reply', async () => {
    const { gateway, pushed } = pushedGateway();
    const { port } = await serve(gateway, { connections });
    const busy = await open(port, STREAM);
    const [start = [], ...rest] = textReply('Hello');
    pushed.push(...start);
    await once(busy, 'data');
    const silent = await open(port);
    const half = await open(port, 'GET / HTTP/1.1\r\nhost');
    const newest = await open(port, HEALTH);
    await once(silent, 'close');
    expect(String((await once(newest, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    await open(port);
    await once(half, 'close');
    let received = '';
    busy.on('data', (data) => {
      received += String(data);
    });
    pushed.push(...rest.flat());
    await expect.poll(() => received).toContain('[DONE]');
    expect(newest.destroyed).toBe(false);
  });

  it('are rejected if every connection carries a request', async () => {
    const { gateway } = pushedGateway();
    const { port } = await serve(gateway, { connections: { ...connections, max: 1 } });
    await open(port, STREAM);
    while (gateway.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await once(await open(port, HEALTH), 'close');
    expect(gateway.requests[0]?.signal.aborted).toBe(false);
  });
});

describe('a server that stops', () => {
  it.each([
    ['that has sent nothing', ''],
    ['that has sent half a head', 'GET / HTTP/1.1\r\nhost'],
    ['that is kept alive', HEALTH],
  ])('does not wait for a connection %s', async (_, bytes) => {
    const server = await serve(createFakeGateway());
    const socket = await open(server.port, bytes);
    if (bytes === HEALTH) await once(socket, 'data');
    else await untilRead(server);
    const closed = once(socket, 'close');
    await server.close(600_000);
    await closed;
    expect(socket.destroyed).toBe(true);
  });

  it('waits a short time for the rest of a body', async () => {
    const server = await serve(createFakeGateway());
    const late = await open(server.port, STREAM.slice(0, -10));
    const never = await open(server.port, STREAM.slice(0, -10));
    await untilRead(server);
    const closed = server.close(600_000);
    late.write(STREAM.slice(-10));
    expect(String((await once(late, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    await once(never, 'close');
    await closed;
  });

  it('closes a keep-alive connection after its last reply', async () => {
    const { gateway, pushed } = pushedGateway();
    const server = await serve(gateway);
    const socket = await open(server.port, STREAM);
    pushed.push(...(textReply('Hello')[0] ?? []));
    await once(socket, 'data');
    const closed = server.close(600_000);
    pushed.push({ type: 'text-end' }, END);
    pushed.end();
    await Promise.all([closed, once(socket, 'close')]);
    expect(socket.destroyed).toBe(true);
  });
});
