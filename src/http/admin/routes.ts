/** The admin API: every route behind the admin token, none of them with CORS. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import { readJson } from '../body.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import type { ZodTypes } from '../validation.ts';
import { registerAccounts } from './accounts.ts';
import { registerKeys } from './keys.ts';
import { registerOverview } from './overview.ts';
import { completeRoute } from './route.ts';
import { registerSignIns } from './sign-ins.ts';

export function registerAdmin(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { admin, gateway, clock, log, limits } = pipeline.options;
  const parts = { ...admin, gateway, clock, log };
  app.register(async (scope) => {
    scope.addHook('onRoute', completeRoute);
    scope.addHook('onRequest', pipeline.requireAdmin);
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    scope.addHook('preValidation', async (request) => {
      request.body = needsBody(request) ? await readJson(request.exchange, limits) : {};
    });
    scope.addHook('preHandler', () => admin.accounts.readLatest());
    scope.setErrorHandler((error, request, reply) => {
      const refusal = GatewayError.from(error);
      // The schemas name the request's own fields.
      const isOfSchema = error instanceof Error && 'validationContext' in error;
      return pipeline.refuse(request, reply, isOfSchema ? refusal : withFieldNames(refusal));
    });
    const typed = scope.withTypeProvider<ZodTypes>();
    registerAccounts(typed, parts);
    registerSignIns(typed, parts);
    registerKeys(typed, parts);
    registerOverview(typed, parts);
  });
  // Pages of other origins get no permission, not even an answer to a preflight.
  app.options('/v2/*', { config: { cors: false } }, (_request, reply) => reply.callNotFound());
}

function needsBody({ routeOptions: { schema, config }, headers }: FastifyRequest): boolean {
  if (!schema?.body) return false;
  const hasNone = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  return !(config.bodyIsOptional && hasNone);
}

/** Some checks also read other programs' files, and name the fields as those do. */
const FIELDS = new Map([
  ['start_url', 'startUrl'],
  ['profile_arn', 'profileArn'],
  ['token_endpoint', 'tokenEndpoint'],
  ['account_id', 'accountId'],
]);

function withFieldNames(error: GatewayError): GatewayError {
  const param = FIELDS.get(error.param ?? '');
  return param === undefined ? error : new GatewayError(error.code, error.message, { cause: error, param });
}
