/**
 * A separate program, because a test with thousands of connections would delay itself: `node crowd.ts PORT KIND COUNT`
 * opens connections that misbehave in one way, and sends `open` once all are open. It never closes one itself.
 */
import { connect, type Socket } from 'node:net';

export type Kind = 'stalled' | 'garbage' | 'flood' | 'stopped-reader';

const [, , port = '', kind = '', count = ''] = process.argv;
const CHAT = JSON.stringify({ model: 'auto', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
const BYTES: Readonly<Record<string, string>> = {
  stalled: 'POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-half: ',
  garbage: '\u0016\u0003\u0001 not HTTP at all\r\n\r\n',
  flood: `POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${2 ** 40}\r\n\r\n`,
  'stopped-reader': `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${CHAT.length}\r\n\r\n${CHAT}`,
};

const sockets = Array.from({ length: Number(count) }, () => open(BYTES[kind] ?? ''));
await Promise.all(sockets.map((socket) => once(socket, 'connect', 'close')));
process.send?.('open');
process.on('disconnect', () => process.exit());

function open(text: string): Socket {
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  if (kind !== 'stopped-reader') socket.resume();
  socket.write(text);
  if (kind === 'flood') pour(socket);
  return socket;
}

function pour(socket: Socket): void {
  const zeros = Buffer.alloc(65_536);
  const more = () => {
    while (socket.writable && socket.write(zeros));
  };
  socket.on('drain', more);
  more();
}

function once(socket: Socket, ...events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    for (const event of events) socket.once(event, () => resolve());
  });
}
