/**
 * The smallest program on dragoman's libraries that translates: Fastify towards the client, dragoman's own parser, encoder, decoder
 * and writer, undici towards the upstream, one write a tick. It checks no key, has no accounts, no limits, no retries and no log:
 * what dragoman costs above it is what those cost.
 *
 * Usage: node bench/subjects/floor.ts PORT UPSTREAM_PORT
 */
import type { ServerResponse } from 'node:http';
import Fastify from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import { runAtOnce } from '../../src/core/steps.ts';
import { estimated } from '../../src/core/usage.ts';
import { conversationIdsOf } from '../../src/gateway/affinity.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import type { ClientProtocol, ParsedRequest, ReplyWriter } from '../../src/protocols/protocol.ts';
import { createDecoder } from '../../src/upstreams/codewhisperer/decode.ts';
import { codewhisperer } from '../../src/upstreams/codewhisperer/index.ts';
import type { Access, ReplyDecoder } from '../../src/upstreams/upstream.ts';

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const origin = `http://127.0.0.1:${upstreamPort}`;
const agent = new Agent({ pipelining: 1, connections: null, headersTimeout: 0, bodyTimeout: 0 });
const ACCESS: Access = {
  region: 'us-east-1',
  profileArn: undefined,
  wireProfile: 'q-rest',
  baseUrl: origin,
  kind: 'kiro-api-key',
};
const MODEL = codewhisperer.resolveModel('auto', { models: [], defaultModelId: undefined });
const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

const app = Fastify({ keepAliveTimeout: 600_000, requestTimeout: 0 });
for (const protocol of PROTOCOLS)
  for (const { path, operation, method } of protocol.routes)
    if (operation === 'reply' && method === 'POST')
      app.post(path, (request, reply) => {
        reply.hijack();
        answer(protocol, request.body, reply.raw);
      });
await app.listen({ port: port ?? 0, host: '127.0.0.1', backlog: 4096 });

function answer(protocol: ClientProtocol, json: unknown, response: ServerResponse): void {
  const request = runAtOnce(protocol.parseRequest(json, { nowMs: Date.now(), header: () => undefined }));
  if (!('conversation' in request)) throw new Error('The benchmark sends conversations.');
  const encoded = runAtOnce(
    codewhisperer.encodeChat(request.conversation, {
      access: ACCESS,
      model: MODEL,
      ids: runAtOnce(conversationIdsOf('client', request.conversation)),
      invocation: { id: '0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a12', attempt: 1 },
      sendEnvironment: false,
      withoutReasoningHistory: false,
      recoverToolCalls: false,
    }),
  );
  const { pathname, search } = new URL(encoded.request.url);
  const { method, headers, body } = encoded.request;
  const options = { origin, path: pathname + search, method, headers, body: body ?? null };
  agent.dispatch(options, new TranslatedReply(protocol, request, response));
}

class TranslatedReply implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #decoder: ReplyDecoder;
  readonly #writer: ReplyWriter;
  #chunks: Buffer[] = [];

  constructor(protocol: ClientProtocol, request: ParsedRequest, response: ServerResponse) {
    this.#response = response;
    this.#writer = protocol.createWriter(request, protocol.replyId('a'.repeat(24)));
    this.#decoder = createDecoder({
      model: undefined,
      toolNames: new Map(),
      requiredArguments: new Map(),
      inputTokens: estimated(1),
      thinkingTags: false,
      header: () => undefined,
      expectsClosingEvents: false,
      note: () => {},
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.on('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('the client closed the connection'));
    });
    this.#response.on('drain', () => controller.resume());
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number): void {
    this.#response.writeHead(statusCode, STREAM_HEADERS);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#chunks.push(chunk) === 1) process.nextTick(() => this.#flush(controller));
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#flush(controller);
    let text = '';
    for (const event of this.#decoder.end()) text += this.#writer.write(event);
    this.#response.end(text);
  }

  onResponseError(): void {
    this.#response.destroy();
  }

  #flush(controller: Dispatcher.DispatchController): void {
    let text = '';
    for (const chunk of this.#chunks) for (const event of this.#decoder.push(chunk)) text += this.#writer.write(event);
    this.#chunks = [];
    if (text !== '' && !this.#response.write(text)) controller.pause();
  }
}
