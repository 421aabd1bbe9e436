/**
 * The smallest program on dragoman's libraries that does the work of a gateway: Fastify towards the client, a key check, dragoman's
 * own parser, encoder, decoder and writer, undici towards the upstream, one write a tick, a line of the log and a row of the
 * ledger. It has one account, no limits, no retries, no metrics and no notes: what dragoman costs above it is what those cost.
 *
 * Usage: node bench/subjects/floor.ts PORT UPSTREAM_PORT
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
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
import { API_KEY } from '../load/requests.ts';
import { FloorRecords } from './floor-records.ts';

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
const KEY_HASH = hash('sha256', API_KEY, 'buffer');
const records = new FloorRecords();
const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

const app = Fastify({ keepAliveTimeout: 600_000, requestTimeout: 0 });
for (const protocol of PROTOCOLS)
  for (const { path, operation, method } of protocol.routes)
    if (operation === 'reply' && method === 'POST')
      app.post(path, (request, reply) => {
        if (!isKnown(request.headers)) return reply.code(401).send();
        reply.hijack();
        answer(protocol, request.body, reply.raw);
        return reply;
      });
await app.listen({ port: port ?? 0, host: '127.0.0.1', backlog: 4096 });

function isKnown(headers: IncomingHttpHeaders): boolean {
  const key = headers['x-api-key'] ?? headers.authorization?.slice('Bearer '.length);
  return typeof key === 'string' && timingSafeEqual(hash('sha256', key, 'buffer'), KEY_HASH);
}

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
  readonly #protocol: string;
  readonly #model: string;
  readonly #receivedMs = Date.now();
  #firstByteMs = 0;
  #characters = 0;
  #chunks: Buffer[] = [];

  constructor(protocol: ClientProtocol, request: ParsedRequest, response: ServerResponse) {
    this.#protocol = protocol.id;
    this.#model = request.conversation.model;
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
    records.add({
      receivedMs: this.#receivedMs,
      key: 'benchmark',
      protocol: this.#protocol,
      model: this.#model,
      status: 200,
      durationMs: Date.now() - this.#receivedMs,
      firstByteMs: this.#firstByteMs,
      outputTokens: this.#characters >> 2,
    });
  }

  onResponseError(): void {
    this.#response.destroy();
  }

  #flush(controller: Dispatcher.DispatchController): void {
    let text = '';
    for (const chunk of this.#chunks) for (const event of this.#decoder.push(chunk)) text += this.#writer.write(event);
    this.#chunks = [];
    this.#firstByteMs ||= Date.now() - this.#receivedMs;
    this.#characters += text.length;
    if (text !== '' && !this.#response.write(text)) controller.pause();
  }
}
