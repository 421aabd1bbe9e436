/**
 * The HTTP side of the gateway: one Fastify instance whose chat routes write to the raw response. What a request meets
 * before its handler, in order: an id and a log line, the refusals of local mode, CORS, the key.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastifyCors from '@fastify/cors';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ApiKeys } from '../gateway/api-keys.ts';
import type { Gateway } from '../gateway/ports.ts';
import type { Responses } from '../gateway/responses.ts';
import type { AdminDependencies } from './admin/parts.ts';
import type { AnswerLimits } from './answer.ts';
import { answerBrokenRequests, MAX_HEADER_BYTES } from './broken-request.ts';
import type { ConnectionLimits } from './connections.ts';
import { corsRules } from './cors.ts';
import { sendError } from './http-exchange.ts';
import { assertMayListen, isLoopback } from './local-mode.ts';
import type { ResolveModel } from './models.ts';
import { WITHOUT_VALIDATION } from './openapi.ts';
import { canonicalUrl } from './paths.ts';
import { RequestPipeline, stopping } from './request-pipeline.ts';
import { registerRoutes } from './routes.ts';
import { watchForStalledClients } from './stalled-clients.ts';
import { continueWhenRead, LingeringResponse } from './unread-body.ts';

export interface ServerOptions {
  readonly gateway: Gateway;
  /** Responses which are kept, and made in the background. */
  readonly responses: Responses;
  /** None: local mode. */
  readonly apiKeys: Pick<ApiKeys, 'isEmpty' | 'usable' | 'identify' | 'look'>;
  readonly admin: AdminDependencies;
  readonly corsOrigins: readonly string[];
  readonly limits: AnswerLimits;
  readonly connections: ConnectionLimits;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** False, or a rejection, when accounts cannot be read or stored at the moment. */
  readonly checkStore: () => Promise<void>;
  readonly resolveModel: ResolveModel;
}

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly port: number;
  /** Takes no new requests, lets replies in flight end for up to `timeoutMs`, then tells them and closes. */
  close(timeoutMs: number): Promise<void>;
}

/** Rejects when the address is taken, or reachable from elsewhere without a usable key. */
export async function startServer(options: ServerOptions, host: string, port: number): Promise<RunningServer> {
  assertMayListen(host, options.apiKeys);
  const pipeline = new RequestPipeline(options, isLoopback(host));
  const app = createApp(pipeline);
  await app.register(
    fastifyCors,
    corsRules(() => pipeline.localMode, options.corsOrigins),
  );
  await registerRoutes(app, pipeline);
  const stopWatching = watchForStalledClients(pipeline.inFlight, options.connections.writeTimeoutMs);
  app.addHook('onClose', async () => stopWatching());
  await app.listen({ host, port });
  const bound = app.server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server listens on no port.');
  if (pipeline.localMode && !isLoopback(bound.address)) {
    await app.close();
    assertMayListen(bound.address, options.apiKeys);
  }
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound.port}`,
    port: bound.port,
    close: (timeoutMs) => drain(app, pipeline, timeoutMs),
  };
}

/** For a whole request to arrive, body included: a 64 MiB body over a slow line takes its time. */
const REQUEST_TIMEOUT_MS = 300_000;
/** For the first request of a connection to begin, and for the headers of each one. */
const HEADERS_TIMEOUT_MS = 30_000;
/** How often Node looks for connections that have exceeded either. */
const CHECK_INTERVAL_MS = 5_000;

function createApp(pipeline: RequestPipeline): FastifyInstance {
  const app = Fastify({
    logger: false,
    ...WITHOUT_VALIDATION,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      ServerResponse: LingeringResponse,
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
    rewriteUrl: (request) => canonicalUrl(request.url ?? '/'),
    clientErrorHandler: answerBrokenRequests((socket) => pipeline.isReplyingOn(socket)),
    frameworkErrors: (error, request, reply) => {
      const exchange = pipeline.open(request.raw, reply.raw);
      reply.hijack();
      sendError(exchange, pipeline.protocolOf(request), errorOf(error));
    },
  });
  // Bodies are read by the handlers, bounded, whatever type they claim to be.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.addHook('onRequest', pipeline.receive);
  app.setErrorHandler((error: FastifyError, request, reply) => pipeline.refuse(request, reply, errorOf(error)));
  app.server.on('connection', pipeline.connections.accept);
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueWhenRead(request, response);
    app.server.emit('request', request, response);
  });
  return app;
}

/** Fastify's own refusals (an undecodable URL) carry a status; everything else is our fault. */
function errorOf(error: unknown): GatewayError {
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500) {
    return new GatewayError('invalid_request', error.message, { cause: error });
  }
  return GatewayError.from(error);
}

/** For the error events of replies that are cut short, and for a request half of which had arrived. */
const GRACE_MS = 1_000;

async function drain(app: FastifyInstance, pipeline: RequestPipeline, timeoutMs: number): Promise<void> {
  pipeline.draining = true;
  const closed = app.close();
  pipeline.connections.drain();
  const unfinished = setTimeout(() => {
    for (const { request } of pipeline.inFlight) if (!request.complete) request.destroy();
  }, GRACE_MS);
  let timer = setTimeout(() => {
    for (const { gone } of pipeline.inFlight) gone.abort(stopping());
    timer = setTimeout(() => {
      for (const { response } of pipeline.inFlight) response.destroy();
      app.server.closeAllConnections();
    }, GRACE_MS);
  }, timeoutMs);
  await closed;
  clearTimeout(unfinished);
  clearTimeout(timer);
}
