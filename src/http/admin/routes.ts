/** The admin API as a table, and its registration: every route behind the admin token, none of them with CORS. */
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import { readJson } from '../body.ts';
import { sendError, sendJson } from '../http-exchange.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import { accountRoutes } from './accounts.ts';
import { adminErrors } from './errors.ts';
import { keyRoutes } from './keys.ts';
import { overviewRoutes } from './overview.ts';
import type { AdminRoute } from './route.ts';
import { signInRoutes } from './sign-ins.ts';

export const ADMIN_ROUTES: readonly AdminRoute[] = [...accountRoutes, ...signInRoutes, ...keyRoutes, ...overviewRoutes];

export function registerAdmin(app: FastifyInstance, pipeline: RequestPipeline): void {
  for (const route of ADMIN_ROUTES) registerRoute(app, pipeline, route);
  // Pages elsewhere get no permission, not even an answer to the question.
  app.options('/v2/*', { config: { cors: false }, schema: { hide: true } }, (_request, reply) => reply.callNotFound());
}

function registerRoute(app: FastifyInstance, pipeline: RequestPipeline, route: AdminRoute): void {
  const { admin, gateway, clock, log, limits } = pipeline.options;
  const parts = { ...admin, gateway, clock, log };
  app.route<{ Params: Readonly<Record<string, string>> }>({
    method: route.method,
    url: route.path,
    config: { cors: false },
    onRequest: pipeline.requireAdmin,
    schema: { tags: ['Admin'], summary: route.summary, description: route.description, security: [{ adminToken: [] }] },
    async handler(request, reply) {
      const exchange = pipeline.takeOver(request, reply);
      try {
        const isBodyless = !route.body || (route.bodyIsOptional && announcesNoBody(request.headers));
        const body = isBodyless ? {} : await readJson(exchange, limits);
        const { signal } = exchange.gone;
        const [id = ''] = Object.values(request.params);
        await parts.accounts.readAnew();
        const answer = await route.run(parts, { id, query: request.query, body, signal });
        sendJson(exchange, route.status, answer);
      } catch (cause) {
        sendError(exchange, adminErrors, GatewayError.from(cause));
      }
    },
  });
}

function announcesNoBody(headers: Readonly<Record<string, unknown>>): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}
