/**
 * The smallest gateway on the libraries that dragoman uses: `node:http` towards the client, undici towards the upstream, bytes
 * passed through. It shows what the runtime costs by itself. It reads no request, checks nothing and keeps no log.
 *
 * Usage: node bench/subjects/bare.ts PORT UPSTREAM_PORT
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, type Dispatcher } from 'undici';

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const origin = `http://127.0.0.1:${upstreamPort}`;
/** HTTP/1.1 with one request per connection, and no time limits, as dragoman's connections have for replies. */
const agent = new Agent({ pipelining: 1, connections: null, headersTimeout: 0, bodyTimeout: 0 });

function relay(request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const [first] = parts;
    const body = first && parts.length === 1 ? first : Buffer.concat(parts);
    const headers = { 'content-type': 'application/json' };
    agent.dispatch({ origin, path: request.url ?? '/', method: 'POST', headers, body }, new Relay(response));
  });
}

/** Writes the chunks that arrive within one tick together, since each write to a socket is a system call. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #chunks: Buffer[] = [];

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.on('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('the client closed the connection'));
    });
    this.#response.on('drain', () => controller.resume());
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number): void {
    this.#response.writeHead(statusCode, { 'content-type': 'application/vnd.amazon.eventstream' });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#chunks.push(chunk) === 1) process.nextTick(() => this.#flush(controller));
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#flush(controller);
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }

  #flush(controller: Dispatcher.DispatchController): void {
    const [first] = this.#chunks;
    if (!first) return;
    const bytes = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    if (!this.#response.write(bytes)) controller.pause();
  }
}

const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, relay);
server.listen({ port, host: '127.0.0.1', backlog: 4096 });
