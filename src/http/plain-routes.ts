/** The routes that belong to no protocol: the models, which both vendors' clients list, and what machines poll. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ModelScope } from '../gateway/ports.ts';
import { MODEL_ROUTES } from '../protocols/models.ts';
import type { HttpExchange } from './http-exchange.ts';
import { answerModel, answerModels } from './models.ts';
import { CLIENT_ERRORS, CLIENT_SECURITY } from './openapi.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { WITHOUT_VALIDATION, type ZodTypes } from './validation.ts';

export function registerPlainRoutes(app: FastifyInstance, pipeline: RequestPipeline): void {
  registerModels(app, pipeline);
  registerHealth(app, pipeline);
  // Agents warm their connection up with it.
  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/hello',
    config: PROBE,
    handler: (_request, reply) => reply.code(204).send(),
  });
}

const PROBE = { kind: 'probe' } as const;
const HEALTH = { kind: 'health' } as const;

/** A list of models does not depend on the group that a header names. */
function keyScope({ key }: HttpExchange): ModelScope {
  return { group: key?.group, models: key?.models };
}

function registerModels(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { gateway, resolveModel } = pipeline.options;
  const [listed, one] = MODEL_ROUTES;
  const shared = { tags: ['OpenAI', 'Anthropic'], security: CLIENT_SECURITY };
  // The query is checked in the words of Anthropic's API.
  const options = { onRequest: pipeline.requireKey, config: { kind: 'models' } as const, ...WITHOUT_VALIDATION };
  app.get(
    listed.path,
    {
      ...options,
      schema: {
        ...shared,
        summary: listed.summary,
        description: listed.description,
        querystring: listed.query,
        response: { 200: listed.answer, ...CLIENT_ERRORS },
      },
    },
    async ({ exchange, query }, reply) => {
      reply.header('cache-control', 'no-store');
      return answerModels(await gateway.models(exchange.gone.signal, keyScope(exchange)), query);
    },
  );
  app.get<{ Params: { '*': string } }>(
    one.path,
    { ...options, schema: { ...shared, summary: one.summary, response: { 200: one.answer, ...CLIENT_ERRORS } } },
    async ({ exchange, params }, reply) => {
      reply.header('cache-control', 'no-store');
      return answerModel(await gateway.models(exchange.gone.signal, keyScope(exchange)), params['*'], resolveModel);
    },
  );
}

const health = z
  .object({
    status: z.literal('healthy'),
    has_token: z.boolean(),
    token_expired: z.boolean(),
    accounts: z.object({ ready: z.int(), total: z.int() }),
  })
  .describe('The gateway is running.');

const readiness = z.object({
  status: z.enum(['ready', 'not ready']),
  accounts: z.boolean().describe('At least one account is ready.'),
  store: z.boolean().describe('The store can be written.'),
});

function registerHealth(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { gateway, checkStore, log } = pipeline.options;
  const probeStore = createStoreProbe(checkStore, log);
  const typed = app.withTypeProvider<ZodTypes>();
  const tags = ['Operation'];
  for (const path of ['/health', '/healthz']) {
    const schema = { tags, summary: 'Whether the gateway is running', response: { 200: health } };
    typed.get(path, { schema, config: HEALTH }, async () => {
      const { ready, total, hasToken, tokenExpired } = await gateway.status();
      return {
        status: 'healthy',
        has_token: hasToken,
        token_expired: tokenExpired,
        accounts: { ready, total },
      } as const;
    });
  }
  const schema = {
    tags,
    summary: 'Whether an account is ready and the store can be written',
    response: { 200: readiness.describe('Both.'), 503: readiness.describe('At least one is not.') },
  };
  typed.get('/readyz', { schema, config: HEALTH }, async (_request, reply) => {
    const accounts = (await gateway.status()).ready > 0;
    const store = await probeStore();
    const isReady = accounts && store;
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', accounts, store });
  });
}

/** Whether the store works, with a log line whenever that changes. `check` rejects with the reason; the result never does. */
function createStoreProbe(check: () => Promise<void>, log: Log): () => Promise<boolean> {
  let known: string | undefined;
  return async () => {
    const why = await check().then(
      () => undefined,
      (cause: unknown) => GatewayError.from(cause).details,
    );
    if (why !== known && why !== undefined) log.error({ why }, 'the store does not work; /readyz answers 503');
    else if (why !== known) log.info({}, 'the store works again');
    known = why;
    return why === undefined;
  };
}
