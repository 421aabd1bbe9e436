import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writePiece } from './response-pieces.ts';

/** What a client receives until the connection closes. */
async function received(requests: string, answer: (response: ServerResponse, url: string) => void): Promise<string> {
  const server = createServer((request, response) => answer(response, request.url ?? ''));
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.setEncoding('utf8').end(requests);
  let text = '';
  socket.on('data', (data) => {
    text += data;
  });
  await once(socket, 'close');
  return text;
}

function writeTwo(response: ServerResponse, ...[first, second]: readonly [string, string]): void {
  response.writeHead(200);
  writePiece(response, first, true);
  writePiece(response, second, false);
  response.end('end');
}

describe('the pieces of a response', () => {
  it('are sent as chunks whose sizes count bytes', async () => {
    const text = await received('GET / HTTP/1.1\r\nhost: x\r\n\r\n', (response) => writeTwo(response, 'é', 'two'));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n2\r\né\r\n3\r\ntwo\r\n3\r\nend\r\n0\r\n\r\n$/);
  });

  it('are not sent as chunks to a client of HTTP/1.0', async () => {
    const text = await received('GET / HTTP/1.0\r\n\r\n', (response) => writeTwo(response, 'one', 'two'));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nonetwoend$/);
  });

  it('wait until the connection has carried the answers before', async () => {
    const open: ServerResponse[] = [];
    const two = 'GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n';
    const text = await received(two, (response, url) => {
      response.writeHead(200);
      writePiece(response, `${url} begins. `, true);
      open.push(response);
      if (open.length < 2) return;
      for (const [index, each] of open.entries()) {
        writePiece(each, `Still ${index + 1}. `, false);
        each.end();
      }
    });
    const pieces = text.split(/[0-9a-f]+\r\n/).map((piece) => piece.trimEnd());
    expect(pieces.filter((piece) => /begins|Still/.test(piece))).toEqual([
      '/1 begins.',
      'Still 1.',
      '/2 begins.',
      'Still 2.',
    ]);
  });

  it('name what emits drain if the client lags behind', async () => {
    const big = 'x'.repeat(32 * 1024 * 1024);
    const text = await received('GET / HTTP/1.1\r\nhost: x\r\n\r\n', (response) => {
      response.writeHead(200);
      expect(writePiece(response, 'small', true)).toBeUndefined();
      const lagging = writePiece(response, big, false);
      expect(lagging).toBeDefined();
      lagging?.once('drain', () => response.end());
    });
    expect(text.length).toBeGreaterThan(big.length);
  });

  it('leave nothing of the head that was sent but that there was one', async () => {
    const text = await received('GET / HTTP/1.1\r\nhost: x\r\n\r\n', (response) => {
      response.writeHead(200, { 'x-long': 'x'.repeat(1_000) });
      writePiece(response, 'one', true);
      expect(response.headersSent).toBe(true);
      expect(Object.values(response).filter((value) => typeof value === 'string' && value.length > 500)).toEqual([]);
      writePiece(response, 'two', false);
      response.end();
    });
    expect(text).toMatch(/x-long: x{1000}\r\n[\s\S]*one[\s\S]*two\r\n0\r\n\r\n$/);
  });
});
