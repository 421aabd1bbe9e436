/** The admin API: every route but the sign-in behind the admin token or a session, none of them with CORS. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import { readJson } from '../body.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import type { ZodTypes } from '../validation.ts';
import { registerAccounts } from './accounts.ts';
import { registerActivity } from './activity.ts';
import { registerAlerts } from './alerts.ts';
import { registerAudit } from './audit.ts';
import { registerCapsules } from './capsules.ts';
import { registerEvents } from './events.ts';
import { registerImports } from './imports.ts';
import { registerKeys } from './keys.ts';
import { registerOverview } from './overview.ts';
import type { AdminParts } from './ports.ts';
import { recordChanges } from './record-changes.ts';
import { registerRequests } from './requests.ts';
import { type AdminApp, completeRoute } from './route.ts';
import { registerSession, registerSignIn } from './session.ts';
import { registerSettings } from './settings.ts';
import { registerSignIns } from './sign-ins.ts';
import { registerUsageHistory } from './usage-history.ts';

export function registerAdmin(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { admin, gateway, clock, log, limits, version } = pipeline.options;
  const parts = { ...admin, gateway, clock, log, version };
  const limitsOf = ({ routeOptions }: FastifyRequest) =>
    routeOptions.url === '/v2/session' ? { ...limits, maxBodyBytes: SIGN_IN_BYTES } : limits;
  app.register(async (scope) => {
    scope.addHook('onRoute', completeRoute);
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    scope.addHook('preValidation', async (request) => {
      request.body = needsBody(request) ? await readJson(request.exchange, limitsOf(request)) : {};
    });
    scope.setErrorHandler((error, request, reply) => {
      const refusal = GatewayError.from(error);
      // The schemas name the request's own fields.
      const isOfSchema = error instanceof Error && 'validationContext' in error;
      return pipeline.refuse(request, reply, isOfSchema ? refusal : withFieldNames(refusal));
    });
    recordChanges(scope.withTypeProvider<ZodTypes>(), parts);
    registerSignIn(scope.withTypeProvider<ZodTypes>(), parts, pipeline.adminAccess);
    scope.register(async (guarded) => {
      guarded.addHook('onRequest', pipeline.requireAdmin);
      guarded.addHook('preHandler', () => admin.accounts.readLatest());
      registerGuarded(guarded.withTypeProvider<ZodTypes>(), parts);
      registerEvents(guarded.withTypeProvider<ZodTypes>(), parts, pipeline);
    });
  });
  // Pages of other origins get no permission, not even an answer to a preflight.
  app.options('/v2/*', { config: { cors: false } }, (_request, reply) => reply.callNotFound());
}

function registerGuarded(app: AdminApp, parts: AdminParts): void {
  registerSession(app, parts);
  registerAccounts(app, parts);
  registerImports(app, parts);
  registerSignIns(app, parts);
  registerKeys(app, parts);
  registerOverview(app, parts);
  registerSettings(app, parts);
  registerRequests(app, parts);
  registerCapsules(app, parts);
  registerUsageHistory(app, parts);
  registerActivity(app, parts);
  registerAudit(app, parts);
  registerAlerts(app, parts);
}

function needsBody({ routeOptions: { schema, config }, headers }: FastifyRequest): boolean {
  if (!schema?.body) return false;
  const hasNone = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  return !(config.bodyIsOptional && hasNone);
}

/** Anybody may send one. */
const SIGN_IN_BYTES = 16 * 1024;

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
