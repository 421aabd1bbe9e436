import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { beginHead } from './header-lines.ts';
import { LingeringResponse } from './unread-body.ts';

const LINE = 'HTTP/1.1 200 OK\r\n';

describe('beginHead', () => {
  it('puts lines in the order of the headers', () => {
    const list = ['x-request-id', 'req_1', 'vary', 'Origin', 'x-empty', ''];
    const lines = `${LINE}x-request-id: req_1\r\nvary: Origin\r\nx-empty: \r\n`;
    expect(beginHead(LINE, list)).toEqual({ lines, rest: [] });
    expect(beginHead(LINE, list)).toEqual({ lines, rest: [] });
  });

  it.each(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', 'expect', 'trailer'])(
    'leaves %s and what follows to Node',
    (name) => {
      expect(beginHead(LINE, ['vary', 'Origin', name, 'x', 'allow', 'GET'])).toEqual({
        lines: `${LINE}vary: Origin\r\n`,
        rest: [name, 'x', 'allow', 'GET'],
      });
    },
  );

  it.each([
    ['a line break in a value', 'x-note', 'a\r\nset-cookie: b'],
    ['a character beyond Latin-1', 'x-note', 'café €'],
    ['a name in capitals, which may be one of those', 'Content-Length', '3'],
    ['a name that is not one', 'x note', 'a'],
    ['several values', 'set-cookie', ['a=1', 'b=2']],
    ['a number', 'x-count', 12],
  ])('leaves %s to Node', (_what, name, value) => {
    expect(beginHead(LINE, ['x-note', 'valid', name, value]).rest).toEqual([name, value]);
    // Also after a valid value.
    expect(beginHead(LINE, ['x-note', 'valid', name, value]).rest).toEqual([name, value]);
  });
});

/** What a client receives from a server that answers with `list`: names and values as they came, and the error otherwise. */
async function answerWith(list: readonly (string | number)[], ResponseClass?: typeof LingeringResponse) {
  let thrown: unknown;
  const server = createServer(ResponseClass ? { ServerResponse: ResponseClass } : {}, (_request, response) => {
    try {
      response.writeHead(200, [...list]);
    } catch (cause) {
      thrown = cause;
    }
    response.end('text');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const rawHeaders = await new Promise<string[]>((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1' }, (response) => {
      response.resume().on('end', () => resolve(response.rawHeaders));
    });
    sent.on('error', reject).end();
  });
  server.close();
  return { headers: rawHeaders.map((text, at) => (rawHeaders[at - 1] === 'Date' ? 'now' : text)), thrown };
}

describe('a response of the server', () => {
  it.each([
    [['x-request-id', 'req_1', 'vary', 'Origin', 'cache-control', 'no-store']],
    [['vary', 'Origin', 'content-length', 4, 'cache-control', 'no-store']],
    [['vary', 'Origin', 'connection', 'close', 'link', '</a>']],
    [['x-latin', 'caf\u00e9']],
    [[]],
  ])('has the same head as one of Node: %j', async (list) => {
    const own = await answerWith(list, LingeringResponse);
    expect(own).toEqual(await answerWith(list));
    expect(own.thrown).toBe(undefined);
  });

  it('takes no line break in a value', async () => {
    const { thrown, headers } = await answerWith(['vary', 'a\r\nset-cookie: b'], LingeringResponse);
    expect(thrown).toMatchObject({ code: 'ERR_INVALID_CHAR' });
    expect(headers).not.toContain('set-cookie');
  });
});
