/**
 * Serves the routes that the client protocols declare. Their handlers write to the raw response: a stream is written as
 * its events arrive, and a failure is an error in the protocol's own format.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { timeSlices } from '../core/steps.ts';
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
  app.route({
    method,
    url: path,
    config: { errors: protocol, protocol: protocol.id, kind },
    onRequest: pipeline.requireKey,
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
    handler(request, reply) {
      const exchange = pipeline.takeOver(request, reply);
      Object.assign(exchange.headers, protocol.responseHeaders);
      if (pipeline.options.recordsText && kind === 'reply') exchange.record.text = new RecordedText();
      if (kind === 'reply') exchange.record.capture = pipeline.options.captures?.begin(request.raw.rawHeaders);
      const answering =
        exchange.key && kind === 'reply'
          ? applyKeyLimits(exchange, exchange.key, protocol, pipeline.options.keyLimiter).then(() =>
              perform(pipeline, protocol, route, request, exchange),
            )
          : perform(pipeline, protocol, route, request, exchange);
      return answering.catch((cause: unknown) => sendFailure(exchange, protocol, cause));
    },
  });
  if (route.operation === 'create-response') refuseWebSockets(app, path);
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
  await timeSlices.pause();
  sendJson(exchange, 200, route.writeCount(gateway.countTokens(conversation)));
}
