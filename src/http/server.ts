/**
 * The HTTP side of the gateway: one Fastify instance whose chat routes write to the raw response. Everything a request
 * meets before its handler is here, in order: an id and a log line, the refusals of local mode, CORS, the key.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastifyCors from '@fastify/cors';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { createApiKeyCheck } from '../gateway/api-keys.ts';
import type { Gateway } from '../gateway/ports.ts';
import { anthropicMessages, openaiChat } from '../protocols/index.ts';
import type { ClientProtocol } from '../protocols/protocol.ts';
import type { AnswerLimits } from './answer.ts';
import { KeyGuard } from './auth.ts';
import { announcesTooMuch } from './body.ts';
import { type Exchange, sendError } from './exchange.ts';
import { randomId } from './ids.ts';
import { assertMayListen, foreignness, isLoopback } from './local-mode.ts';
import type { ResolveModel } from './models.ts';
import { WITHOUT_VALIDATION } from './openapi.ts';
import { canonicalUrl, type Dialect, dialectOf } from './paths.ts';
import { logExchange } from './request-log.ts';
import { registerRoutes } from './routes.ts';

export interface ServerOptions {
  readonly gateway: Gateway;
  /** None: local mode. */
  readonly apiKeys: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly limits: AnswerLimits;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** False when accounts cannot be read or stored at the moment. */
  readonly storeAnswers: () => Promise<boolean>;
  readonly resolveModel: ResolveModel;
}

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly port: number;
  /** Takes no new requests, lets replies in flight end for up to `timeoutMs`, then tells them and closes. */
  close(timeoutMs: number): Promise<void>;
}

/** What the routes need besides their options. */
export interface Desk {
  readonly options: ServerOptions;
  readonly localMode: boolean;
  exchangeOf(request: FastifyRequest): Exchange;
  protocolOf(request: FastifyRequest): ClientProtocol;
  /** A route's onRequest hook: lets keys of this gateway in. */
  requireKey(request: FastifyRequest, reply: FastifyReply): Promise<unknown>;
  /** From here on the answer is written to the raw response, with the headers set so far. */
  takeOver(request: FastifyRequest, reply: FastifyReply): Exchange;
  refuse(request: FastifyRequest, reply: FastifyReply, error: GatewayError): FastifyReply;
}

/** Rejects when the address is taken, or reachable from elsewhere without a key. */
export async function startServer(options: ServerOptions, host: string, port: number): Promise<RunningServer> {
  const localMode = options.apiKeys.length === 0;
  assertMayListen(host, !localMode);
  const inFlight = new Set<Exchange>();
  const state = { draining: false };
  const app = await createApp(options, localMode, inFlight, state);
  await app.listen({ host, port });
  const bound = app.server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server listens on no port.');
  if (localMode && !isLoopback(bound.address)) {
    await app.close();
    assertMayListen(bound.address, false);
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    port: bound.port,
    close: (timeoutMs) => {
      state.draining = true;
      return drain(app, inFlight, timeoutMs);
    },
  };
}

/** Node's own limit is 16 KiB; agents send a kilobyte of metadata per header, proxies add theirs. */
const MAX_HEADER_BYTES = 65_536;
/** For a whole request to arrive, body included: a 64 MiB body over a slow line takes its time. */
const REQUEST_TIMEOUT_MS = 300_000;

async function createApp(
  options: ServerOptions,
  localMode: boolean,
  inFlight: Set<Exchange>,
  state: { readonly draining: boolean },
): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    ...WITHOUT_VALIDATION,
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
    rewriteUrl: (request) => canonicalUrl(request.url ?? '/'),
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      const exchange = open(request.raw, reply.raw);
      reply.hijack();
      sendError(exchange, protocolOf(request), errorOf(error));
    },
  });
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const guard = new KeyGuard(localMode ? undefined : createApiKeyCheck(options.apiKeys), options.clock);

  function open(request: IncomingMessage, response: ServerResponse): Exchange {
    const requestId = `req_${randomId()}`;
    const headers = { 'x-request-id': requestId, 'request-id': requestId, 'x-content-type-options': 'nosniff' };
    const gone = new AbortController();
    const receivedMs = options.clock.now();
    const elapsedMs = () => options.clock.now() - receivedMs;
    const exchange: Exchange = { requestId, request, response, headers, receivedMs, elapsedMs, gone, record: {} };
    exchanges.set(request, exchange);
    inFlight.add(exchange);
    response.once('close', () => {
      inFlight.delete(exchange);
      if (!response.writableFinished) gone.abort();
      logExchange(options.log, exchange);
      // A connection kept alive would keep a stopping server alive too.
      if (state.draining) setImmediate(() => app.server.closeIdleConnections());
    });
    return exchange;
  }

  function exchangeOf(request: FastifyRequest): Exchange {
    const exchange = exchanges.get(request.raw);
    if (!exchange) throw new Error('A handler ran before the first hook.');
    return exchange;
  }

  function protocolOf(request: FastifyRequest): ClientProtocol {
    return DIALECTS[dialectOf(request.originalUrl, request.url, request.headers)];
  }

  const desk: Desk = {
    options,
    localMode,
    exchangeOf,
    protocolOf,
    async requireKey(request, reply) {
      try {
        exchangeOf(request).record.client = await guard.identify(request.headers, request.ip);
        return undefined;
      } catch (cause) {
        return desk.refuse(request, reply, GatewayError.from(cause));
      }
    },
    takeOver(request, reply) {
      const exchange = exchangeOf(request);
      Object.assign(exchange.headers, reply.getHeaders());
      reply.hijack();
      return exchange;
    },
    refuse(request, reply, error) {
      sendError(desk.takeOver(request, reply), protocolOf(request), error);
      return reply;
    },
  };

  // Bodies are read by the handlers, bounded, whatever type they claim to be.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  app.addHook('onRequest', async (request, reply) => {
    const exchange = open(request.raw, reply.raw);
    reply.headers(exchange.headers);
    if (state.draining) {
      reply.header('connection', 'close');
      return desk.refuse(
        request,
        reply,
        new GatewayError('shutting_down', 'This gateway is stopping.', { retryAfterMs: 1_000 }),
      );
    }
    const foreign = localMode ? foreignness(request.headers, options.corsOrigins) : undefined;
    if (foreign !== undefined) return desk.refuse(request, reply, new GatewayError('forbidden', foreign));
    if (request.headers['access-control-request-private-network'] === 'true') {
      reply.header('access-control-allow-private-network', 'true');
    }
    return undefined;
  });
  await app.register(fastifyCors, corsRules(localMode, options.corsOrigins));
  app.setErrorHandler((error: FastifyError, request, reply) => desk.refuse(request, reply, errorOf(error)));
  await registerRoutes(app, desk);
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!announcesTooMuch(request, options.limits.maxBodyBytes)) response.writeContinue();
    app.server.emit('request', request, response);
  });
  return app;
}

/** In whose words errors are told where the path alone says nothing. */
const DIALECTS: Readonly<Record<Dialect, ClientProtocol>> = { openai: openaiChat, anthropic: anthropicMessages };

function corsRules(localMode: boolean, origins: readonly string[]) {
  const anyOrigin = !localMode && origins.length === 0;
  return {
    origin: anyOrigin ? '*' : origins.length === 0 ? false : [...origins],
    methods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 86_400,
    strictPreflight: false,
  };
}

/** What a page may read besides the body. The rate-limit names are the vendors', for gateways further up. */
const EXPOSED_HEADERS = [
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'openai-processing-ms',
  'anthropic-organization-id',
  'x-dragoman-adjustments',
  'x-dragoman-route',
];

/** Fastify's own refusals (an undecodable URL) carry a status; everything else is our fault. */
function errorOf(error: unknown): GatewayError {
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500) {
    return new GatewayError('invalid_request', error.message, { cause: error });
  }
  return GatewayError.from(error);
}

async function drain(app: FastifyInstance, inFlight: ReadonlySet<Exchange>, timeoutMs: number): Promise<void> {
  const closed = app.close();
  const stopped = new GatewayError('shutting_down', 'This gateway is stopping; ask again.', { retryAfterMs: 1_000 });
  let timer = setTimeout(() => {
    for (const { gone } of inFlight) gone.abort(stopped);
    timer = setTimeout(() => {
      for (const { response } of inFlight) response.destroy();
      app.server.closeAllConnections();
    }, LAST_WORDS_MS);
  }, timeoutMs);
  await closed;
  clearTimeout(timer);
}

/** For the error events of replies which had to be cut short. */
const LAST_WORDS_MS = 1_000;

/** What Node could not read as a request has no path, and so no dialect but the commonest. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', `The request's headers are larger than ${MAX_HEADER_BYTES} bytes.`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The request did not arrive in time.']
        : ['400 Bad Request', 'This is not an HTTP request.'];
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
}
