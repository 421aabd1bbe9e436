/**
 * Serves the routes that the client protocols declare. Their handlers write to the raw response: a stream is written as
 * its events arrive, and a failure is an error in the protocol's own format.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { inOneStep, timeSlices } from '../core/steps.ts';
import { RecordedText } from '../gateway/recorded-text.ts';
import type { RequestKind } from '../gateway/request-record.ts';
import type { ClientProtocol, ProtocolRoute } from '../protocols/protocol.ts';
import { answerReply, contextOf, sendFailure } from './answer.ts';
import { readJson } from './body.ts';
import { type HttpExchange, sendJson } from './http-exchange.ts';
import { applyKeyLimits } from './key-limits.ts';
import { CLIENT_ERRORS, CLIENT_SECURITY } from './openapi.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { RESPONSES_HANDLERS, refuseWebSockets } from './responses/routes.ts';
import { WITHOUT_VALIDATION } from './validation.ts';

export function registerProtocols(app: FastifyInstance, pipeline: RequestPipeline): void {
  for (const protocol of pipeline.protocols)
    for (const route of protocol.routes) registerRoute(app, pipeline, protocol, route);
}

function registerRoute(
  app: FastifyInstance,
  pipeline: RequestPipeline,
  protocol: ClientProtocol,
  route: ProtocolRoute,
): void {
  const { method, path, summary, description, query, body, example, answer } = route;
  const kind = KINDS[route.operation];
  const handler = (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    // No hook of these routes sets a header of the reply.
    reply.hijack();
    const { exchange } = request;
    return answerRoute(pipeline, protocol, route, request, exchange).catch((cause: unknown) =>
      sendFailure(exchange, protocol, cause),
    );
  };
  app.route({
    method,
    url: path,
    config: { errors: protocol, protocol: protocol.id, kind },
    onRequest: [pipeline.requireKey, answerEarly(pipeline, handler)],
    ...WITHOUT_VALIDATION,
    schema: {
      tags: [protocol.tag],
      summary,
      ...(description === undefined ? {} : { description }),
      security: CLIENT_SECURITY,
      ...(query ? { querystring: query } : {}),
      ...(body ? { body, example } : {}),
      response: { 200: answer, ...CLIENT_ERRORS },
    },
    handler,
  });
  if (route.operation === 'create-response') refuseWebSockets(app, path);
}

/**
 * A hook that answers a request whose body says that it is JSON, as clients' bodies do. Without it, Fastify would look for a
 * parser and a validator that do nothing before it calls the handler, which reads the body itself.
 */
function answerEarly(
  { options }: RequestPipeline,
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
): onRequestHookHandler {
  return (request, reply, done) => {
    if (!isJson(request.headers['content-type'])) {
      done();
      return;
    }
    handler(request, reply).catch((cause: unknown) => {
      options.log.error({ err: cause }, 'a failure could not be sent');
      reply.raw.destroy();
    });
  };
}

/** Any other value is left to Fastify, which refuses what is not a type. */
function isJson(contentType: string | undefined): boolean {
  return contentType === JSON_TYPE || contentType?.startsWith(`${JSON_TYPE};`) === true;
}

const JSON_TYPE = 'application/json';

/** Rejects with the error for the client. */
function answerRoute(
  pipeline: RequestPipeline,
  protocol: ClientProtocol,
  route: ProtocolRoute,
  request: FastifyRequest,
  exchange: HttpExchange,
): Promise<void> {
  const { recordsText, captures, keyLimiter } = pipeline.options;
  const { key, headers, record } = exchange;
  if (protocol.responseHeaders) headers.setAll(protocol.responseHeaders);
  if (record.kind !== 'reply') return perform(pipeline, protocol, route, request, exchange);
  if (recordsText) record.text = new RecordedText();
  record.capture = captures?.begin(request.raw.rawHeaders);
  return key
    ? applyKeyLimits(exchange, key, protocol, keyLimiter).then(() =>
        perform(pipeline, protocol, route, request, exchange),
      )
    : perform(pipeline, protocol, route, request, exchange);
}

const KINDS: Readonly<Record<ProtocolRoute['operation'], RequestKind>> = {
  reply: 'reply',
  'create-response': 'reply',
  'compact-response': 'reply',
  'count-tokens': 'count',
  'count-response-tokens': 'count',
  'get-response': 'responses',
  'delete-response': 'responses',
  'cancel-response': 'responses',
  'list-response-input': 'responses',
};

function perform(
  { options, observers }: RequestPipeline,
  protocol: ClientProtocol,
  route: ProtocolRoute,
  request: FastifyRequest,
  exchange: HttpExchange,
): Promise<void> {
  const client = exchange.record.client ?? 'local';
  const { gateway, limits } = options;
  switch (route.operation) {
    case 'reply':
      return answerReply(exchange, protocol, route, gateway, client, limits);
    case 'count-tokens':
      return answerCount(exchange, route, options);
    default: {
      const { id = '' }: { id?: string } = request.params ?? {};
      const query = { ...Object(request.query) };
      return RESPONSES_HANDLERS[route.operation]({ exchange, service: { ...options, observers }, client, id, query });
    }
  }
}

async function answerCount(
  exchange: HttpExchange,
  route: Extract<ProtocolRoute, { operation: 'count-tokens' }>,
  { gateway, limits }: RequestPipeline['options'],
): Promise<void> {
  const body = await readJson(exchange, limits);
  const { conversation } = await timeSlices.run(route.parse(body, contextOf(exchange)));
  exchange.record.model = conversation.model;
  const tokens = await timeSlices.run(inOneStep(() => gateway.countTokens(conversation)));
  sendJson(exchange, 200, route.writeCount(tokens));
}
