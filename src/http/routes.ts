/** Every path this gateway serves, and what it says about the ones it does not. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import { timeSlices } from '../core/steps.ts';
import { parseCountTokens } from '../protocols/anthropic-messages/index.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import { ADMIN_ROUTES, registerAdmin } from './admin/routes.ts';
import { answerChat, contextOf } from './answer.ts';
import { readJson } from './body.ts';
import { sendError, sendJson } from './http-exchange.ts';
import { answerModel, answerModels } from './models.ts';
import { describeApi, SCHEMAS } from './openapi.ts';
import { registerPages } from './pages.ts';
import { dialectOf } from './paths.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { registerResponses } from './responses/routes.ts';
import { createStoreProbe } from './store-probe.ts';

export async function registerRoutes(app: FastifyInstance, pipeline: RequestPipeline): Promise<void> {
  const description = describeApi(app, pipeline.options.version);
  registerChat(app, pipeline);
  registerResponses(app, pipeline);
  registerCountTokens(app, pipeline);
  registerModels(app, pipeline);
  registerHealth(app, pipeline);
  registerAdmin(app, pipeline);
  await registerPages(app, pipeline, description);
  app.setNotFoundHandler((request, reply) => pipeline.refuse(request, reply, refusalOf(request, reply)));
}

function registerChat(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { gateway, limits } = pipeline.options;
  for (const protocol of PROTOCOLS) {
    const schema = SCHEMAS[protocol.path] ?? {};
    app.post(protocol.path, { onRequest: pipeline.requireKey, schema }, async (request, reply) => {
      if (dialectOf('', request.url, {}) === 'openai') reply.header('openai-version', '2020-10-01');
      const exchange = pipeline.takeOver(request, reply);
      await answerChat(exchange, protocol, gateway, exchange.record.client ?? 'local', limits);
    });
  }
}

function registerCountTokens(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { gateway, limits } = pipeline.options;
  const schema = SCHEMAS['/v1/messages/count_tokens'] ?? {};
  app.post('/v1/messages/count_tokens', { onRequest: pipeline.requireKey, schema }, async (request, reply) => {
    const exchange = pipeline.takeOver(request, reply);
    try {
      const body = await readJson(exchange, limits);
      const { conversation } = await timeSlices.run(parseCountTokens(body, contextOf(exchange)));
      exchange.record.model = conversation.model;
      await timeSlices.pause();
      sendJson(exchange, 200, { input_tokens: gateway.countTokens(conversation) });
    } catch (cause) {
      sendError(exchange, pipeline.protocolOf(request), GatewayError.from(cause));
    }
  });
}

function registerModels(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { gateway, resolveModel } = pipeline.options;
  const answered = async (request: FastifyRequest, reply: FastifyReply, id: string | undefined) => {
    const exchange = pipeline.takeOver(request, reply);
    try {
      const catalogue = await gateway.models(exchange.gone.signal);
      const body = id === undefined ? answerModels(catalogue, request.query) : answerModel(catalogue, id, resolveModel);
      sendJson(exchange, 200, body);
    } catch (cause) {
      sendError(exchange, pipeline.protocolOf(request), GatewayError.from(cause));
    }
  };
  const onRequest = pipeline.requireKey;
  app.get('/v1/models', { onRequest, schema: SCHEMAS['/v1/models'] ?? {} }, (request, reply) =>
    answered(request, reply, undefined),
  );
  // A model's id may hold slashes.
  app.get<{ Params: { '*': string } }>(
    '/v1/models/*',
    { onRequest, schema: SCHEMAS['/v1/models/*'] ?? {} },
    (request, reply) => answered(request, reply, request.params['*']),
  );
}

function registerHealth(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { gateway, checkStore, log } = pipeline.options;
  const probeStore = createStoreProbe(checkStore, log);
  for (const path of ['/health', '/healthz']) {
    app.get(path, { schema: SCHEMAS['/health'] ?? {} }, async () => {
      const { ready, total, hasToken, tokenExpired } = await gateway.status();
      return { status: 'healthy', has_token: hasToken, token_expired: tokenExpired, accounts: { ready, total } };
    });
  }
  app.get('/readyz', { schema: SCHEMAS['/readyz'] ?? {} }, async (_request, reply) => {
    const accounts = (await gateway.status()).ready > 0;
    const store = await probeStore();
    return reply
      .code(accounts && store ? 200 : 503)
      .send({ status: accounts && store ? 'ready' : 'not ready', accounts, store });
  });
  // Agents warm their connection up with it.
  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/hello',
    schema: { hide: true },
    handler: (_request, reply) => reply.code(204).send(),
  });
}

/** Routes and the methods they take, for `allow`. */
const METHODS: readonly (readonly [RegExp, string])[] = [
  ...adminMethods(),
  [/^\/v1\/(?:(?:chat\/|fim\/)?completions|messages|messages\/count_tokens)$/, 'POST, OPTIONS'],
  [/^\/v1\/responses(?:\/(?:compact|input_tokens|[^/]+\/cancel))?$/, 'POST, OPTIONS'],
  [/^\/v1\/responses\/[^/]+$/, 'GET, HEAD, DELETE, OPTIONS'],
  [/^\/v1\/responses\/[^/]+\/input_items$/, 'GET, HEAD, OPTIONS'],
  [/^\/v1\/models(?:\/.+)?$/, 'GET, HEAD, OPTIONS'],
  [/^\/(?:health|healthz|readyz|docs|openapi\.json|api\/hello)?$/, 'GET, HEAD, OPTIONS'],
];

const NOT_YET = /^\/metrics(?:\/|$)/;

function adminMethods(): readonly (readonly [RegExp, string])[] {
  const byPath = new Map<string, string[]>();
  for (const { method, path } of ADMIN_ROUTES) byPath.set(path, [...(byPath.get(path) ?? []), method]);
  return [...byPath].map(([path, methods]) => {
    const withHead = methods.includes('GET')
      ? ['GET', 'HEAD', ...methods.filter((method) => method !== 'GET')]
      : methods;
    return [new RegExp(`^${path.replace(/:\w+/, '[^/]+')}$`), withHead.join(', ')];
  });
}

function refusalOf(request: FastifyRequest, reply: FastifyReply): GatewayError {
  const { method } = request;
  const path = request.url.replace(/\?.*/s, '');
  const shown = `${method} ${path.slice(0, 100)}`;
  const allowed = METHODS.find(([pattern]) => pattern.test(path))?.[1];
  if (allowed) {
    reply.header('allow', allowed);
    return new GatewayError('method_not_allowed', `${shown}: this path takes ${allowed}.`);
  }
  if (NOT_YET.test(path)) {
    return new GatewayError(
      'not_found',
      `${shown}: this version of dragoman does not serve this API. Use /v1/chat/completions or /v1/messages.`,
    );
  }
  return new GatewayError(
    'not_found',
    `${shown}: dragoman does not serve this path. GET /docs lists the ones it does.`,
  );
}
