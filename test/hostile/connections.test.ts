/** Connections without a valid request or a valid key. */
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

const BROKEN = [
  'GARBAGE\r\n\r\n',
  'GET / HTTP/1.1\r\nno colon\r\n\r\n',
  `GET / HTTP/1.1\r\nx: ${'x'.repeat(200_000)}\r\n\r\n`,
];

it('300 broken requests on connections that the client keeps open', async (context) => {
  const gateway = await startGatewayProcess();
  await measureInput(context, gateway, async () => {
    const sockets = Array.from({ length: 300 }, (_, i) => broken(gateway.port, BROKEN[i % BROKEN.length] ?? ''));
    await Promise.all(sockets.map(whenClosed));
  });
});

/** Never ends its own side: only the gateway can close the connection. */
function broken(port: number, text: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  // A client that keeps sending gets a reset.
  socket.on('error', () => {}).resume();
  onTestFinished(() => void socket.destroy());
  // Only another write shows the client that the connection is closed.
  socket.write(text);
  const writing = setInterval(() => socket.write('x'), 200);
  socket.once('close', () => clearInterval(writing));
  return socket;
}

/** `events.once` would reject with the reset that precedes the close. */
function whenClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

it('200 wrong API keys', async (context) => {
  const gateway = await startGatewayProcess({ DRAGOMAN_API_KEYS: 'sk-right' });
  await measureInput(context, gateway, async () => {
    const statuses = new Set<number>();
    for (let batch = 0; batch < 4; batch++) {
      const guesses = Array.from({ length: 50 }, (_, i) => ({ 'x-api-key': `sk-wrong-${batch}-${i}` }));
      const replies = await Promise.all(guesses.map((headers) => post(gateway, '/v1/messages', '{}', headers)));
      for (const { status } of replies) statuses.add(status);
    }
    expect([...statuses].sort()).toEqual([401, 429]);
  });
});
