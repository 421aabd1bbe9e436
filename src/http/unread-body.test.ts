import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CHAT, createFakeGateway, NO_ADMIN, serve } from '../../test/support/serving.ts';

const MIB = 1024 * 1024;
const ADMIN = { ...NO_ADMIN, isAdmin: async (token: string) => token === 'admin-token' };

const start = () => serve(createFakeGateway(), { apiKeys: ['right-key'], admin: ADMIN });

async function open(port: number, head: readonly string[]): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  return socket;
}

/** Sends zeros until the server closes the connection or `maxBytes` are sent, and only then reads. */
async function flood(socket: Socket, maxBytes: number): Promise<{ sent: number; heard: string }> {
  let heard = '';
  socket.on('data', (data) => {
    heard += String(data);
  });
  const closed = once(socket, 'close');
  const chunk = Buffer.alloc(MIB);
  while (!socket.destroyed && socket.bytesWritten < maxBytes)
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
  await closed;
  return { sent: socket.bytesWritten - socket.writableLength, heard };
}

const REFUSED: readonly (readonly [number, string, string])[] = [
  [401, 'POST /v1/chat/completions', ''],
  [401, 'POST /v2/accounts', ''],
  [404, 'POST /nowhere', 'authorization: Bearer right-key'],
  [405, 'PUT /v1/messages', 'authorization: Bearer right-key'],
  [413, 'POST /v1/messages', 'authorization: Bearer right-key'],
  [200, 'GET /health', ''],
  [400, 'POST /%zz', ''],
];

describe('a request answered before its body has been read', () => {
  it.each(REFUSED)('with %i, for %s, is not read completely', async (status, line, header) => {
    const { port } = await start();
    const socket = await open(port, [
      `${line} HTTP/1.1`,
      'host: localhost',
      `content-length: ${1024 * MIB}`,
      ...(header ? [header] : []),
    ]);
    const { sent, heard } = await flood(socket, 256 * MIB);
    expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*connection: close`, 'i'));
    expect(sent).toBeLessThan(64 * MIB);
  });

  it('closes the connection of a client that sends no more of its body', async () => {
    const { port } = await start();
    const socket = await open(port, ['POST /v1/messages HTTP/1.1', 'host: localhost', 'content-length: 1000']);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
    await once(socket, 'close');
  });

  it('gives a client time to send the rest and read the complete response', async () => {
    const { port } = await start();
    const body = Buffer.alloc(3 * MIB);
    const socket = await open(port, ['POST /v1/messages HTTP/1.1', 'host: localhost', 'transfer-encoding: chunked']);
    socket.write(`${body.length.toString(16)}\r\n`);
    socket.write(body);
    socket.end('\r\n0\r\n\r\n');
    let heard = '';
    for await (const data of socket) heard += String(data);
    expect(heard).toMatch(/^HTTP\/1\.1 401 [\s\S]*connection: close[\s\S]*"type":"error"/i);
  });

  it('keeps the connection if the small body has arrived or is about to', async () => {
    const { port } = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ports = new Set<number | undefined>();
    for (const key of ['wrong-key', 'wrong-key', 'right-key']) {
      const request = httpRequest({
        ...{ port, agent, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions' },
        headers: { authorization: `Bearer ${key}`, 'content-length': Buffer.byteLength(JSON.stringify(CHAT)) },
      });
      request.flushHeaders();
      const [response] = key === 'right-key' ? [undefined] : await once(request, 'response');
      request.end(JSON.stringify(CHAT));
      const [answer] = response ? [response] : await once(request, 'response');
      answer.resume();
      await once(answer, 'end');
      ports.add(request.socket?.localPort);
      expect(answer.statusCode).toBe(key === 'right-key' ? 200 : 401);
    }
    expect(ports.size).toBe(1);
  });

  it('does not answer requests pipelined after a response that closes the connection', async () => {
    const gateway = createFakeGateway();
    const { port } = await serve(gateway, { apiKeys: ['right-key'] });
    const socket = await open(port, ['POST /v1/messages HTTP/1.1', 'host: localhost', 'transfer-encoding: chunked']);
    await once(socket, 'data');
    const body = JSON.stringify(CHAT);
    const next = [
      'POST /v1/chat/completions HTTP/1.1',
      'host: localhost',
      'authorization: Bearer right-key',
      `content-length: ${body.length}`,
    ];
    socket.write(`0\r\n\r\n${next.join('\r\n')}\r\n\r\n${body}`);
    await once(socket, 'close');
    expect(gateway.requests).toEqual([]);
  });
});

describe('a client that waits for 100 Continue', () => {
  const expecting = ['host: localhost', `content-length: ${JSON.stringify(CHAT).length}`, 'expect: 100-continue'];

  it('receives it if its body is accepted', async () => {
    const { port } = await start();
    const head = ['POST /v1/chat/completions HTTP/1.1', ...expecting, 'authorization: Bearer right-key'];
    const socket = await open(port, head);
    expect(String((await once(socket, 'data'))[0])).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(JSON.stringify(CHAT));
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it.each(REFUSED.filter(([status]) => status !== 413))('receives only %i, for %s', async (status, line, header) => {
    const { port } = await start();
    const socket = await open(port, [`${line} HTTP/1.1`, ...expecting, ...(header ? [header] : [])]);
    let heard = '';
    for await (const data of socket) heard += String(data);
    expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(heard.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});
