/** The Fastify instance with everything a request can meet: hooks, routes, and the errors for what is not a route. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import fastifyCors from '@fastify/cors';
import Fastify, {
  type DoneFuncWithErrOrRes,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { GatewayError } from '../core/errors.ts';
import { registerAdmin } from './admin/routes.ts';
import { answerBrokenRequests, MAX_HEADER_BYTES } from './broken-request.ts';
import { registerClientUsage } from './client-usage.ts';
import { isPageRequest } from './console/page-paths.ts';
import { corsRules } from './cors.ts';
import { PIECE_BYTES, piecesOf, sendError } from './http-exchange.ts';
import { registerMetrics } from './metrics-route.ts';
import { describeApi } from './openapi.ts';
import { registerPages } from './pages.ts';
import { registerPlainRoutes } from './plain-routes.ts';
import { registerProtocols } from './protocol-routes.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { RouteList } from './route-list.ts';
import { continueWhenRead, LingeringResponse } from './unread-body.ts';
import { SCHEMA_CONTROLLER, zodValidator } from './validation.ts';

/** For a whole request to arrive, body included: a 64 MiB body over a slow line takes its time. */
const REQUEST_TIMEOUT_MS = 300_000;
/** For the first request of a connection to begin, and for the headers of each one. */
const HEADERS_TIMEOUT_MS = 30_000;
/** How often Node looks for connections that have exceeded either. */
const CHECK_INTERVAL_MS = 5_000;

export async function createApp(pipeline: RequestPipeline): Promise<FastifyInstance> {
  const { version, corsOrigins } = pipeline.options;
  const app = createBareApp(pipeline);
  const routes = new RouteList();
  app.addHook('onRoute', routes.add);
  app.addHook('onRequest', pipeline.receive);
  app.addHook('onSend', completeAnswer);
  app.setErrorHandler((error, request, reply) => pipeline.refuse(request, reply, toGatewayError(error)));
  const rules = corsRules(() => pipeline.localMode, corsOrigins);
  // In a context of its own, where it answers preflights only.
  await app.register(async (scope) => void (await scope.register(fastifyCors, rules)));
  registerProtocols(app, pipeline);
  registerPlainRoutes(app, pipeline);
  registerClientUsage(app, pipeline);
  if (pipeline.options.metrics) registerMetrics(app, pipeline, pipeline.options.metrics);
  if (pipeline.servesAdmin) registerAdmin(app, pipeline);
  let description: object | undefined;
  await registerPages(app, pipeline, () => {
    description ??= describeApi(routes.described, version);
    return description;
  });
  app.setNotFoundHandler((request, reply) => {
    if (isWarmUp(request, routes)) return reply.code(204).send();
    return pipeline.refuse(request, reply, notFound(routes, request, reply));
  });
  return app;
}

function createBareApp(pipeline: RequestPipeline): FastifyInstance {
  const app = Fastify({
    logger: false,
    schemaController: SCHEMA_CONTROLLER,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      ServerResponse: LingeringResponse,
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
    rewriteUrl: (request) => {
      const url = request.url ?? '/';
      return pipeline.servesAdmin && isPageRequest(request) ? url : pipeline.paths.canonicalUrl(url);
    },
    clientErrorHandler: answerBrokenRequests((socket) => pipeline.isReplyingOn(socket)),
    frameworkErrors: (error, request, reply) => {
      const exchange = pipeline.open(request.raw, reply.raw);
      reply.hijack();
      sendError(exchange, pipeline.errorDialectOf(request), toGatewayError(error));
    },
  });
  app.setValidatorCompiler(zodValidator);
  app.decorateRequest('exchange');
  app.decorateRequest('admin');
  app.decorateRequest('viewBefore');
  // Bodies are read within limits, whatever type they claim to be: by the handlers, and by the admin API's hook.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.server.on('connection', pipeline.connections.accept);
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueWhenRead(request, response);
    app.server.emit('request', request, response);
  });
  return app;
}

/**
 * For the answers that Fastify writes. A large one is sent in pieces: written at once it would look like one that its
 * client has stopped reading, see stalled-clients.ts.
 */
function completeAnswer(
  { exchange }: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: DoneFuncWithErrOrRes,
): void {
  const { namesAndValues } = exchange.headers;
  for (let at = 0; at < namesAndValues.length; at += 2) {
    const name = String(namesAndValues[at]);
    if (!reply.hasHeader(name)) reply.header(name, namesAndValues[at + 1]);
  }
  if (typeof payload !== 'string' || payload.length <= PIECE_BYTES) {
    done(null, payload);
    return;
  }
  const bytes = Buffer.from(payload);
  reply.header('content-length', bytes.length);
  done(null, Readable.from(piecesOf(bytes), { objectMode: false }));
}

/** Fastify's own errors (an undecodable URL) have a status. */
function toGatewayError(error: unknown): GatewayError {
  if (
    !(error instanceof GatewayError) &&
    error instanceof Error &&
    'statusCode' in error &&
    Number(error.statusCode) < 500
  )
    return new GatewayError('invalid_request', error.message, { cause: error });
  return GatewayError.from(error);
}

/** OPTIONS is not only sent for web pages. The CORS plugin does not answer it where no page is allowed. */
function isWarmUp({ method, url }: FastifyRequest, routes: RouteList): boolean {
  return method === 'OPTIONS' && (routes.allowed(pathOf(url))?.includes('OPTIONS') ?? true);
}

function pathOf(url: string): string {
  return url.replace(/\?.*/s, '');
}

function notFound(routes: RouteList, request: FastifyRequest, reply: FastifyReply): GatewayError {
  const { method } = request;
  const path = pathOf(request.url);
  const shown = `${method} ${path.slice(0, 100)}`;
  const allowed = routes.allowed(path);
  if (allowed !== undefined) {
    reply.header('allow', allowed);
    return new GatewayError('method_not_allowed', `${shown}: this path takes ${allowed}.`);
  }
  return new GatewayError(
    'not_found',
    `${shown}: dragoman does not serve this path. GET /docs lists the ones it does.`,
  );
}
