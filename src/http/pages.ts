/** The pages for people: how it is going, and the API reference. No scripts, nothing from elsewhere, a strict policy. */
import fastifyHelmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { STYLE_HASH } from './page.ts';
import { referencePage } from './reference-page.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { statusPage } from './status-page.ts';

/** What Codex expects of a server without web sockets: silently goes on over HTTP. */
const UPGRADE_REQUIRED = 426;

export async function registerPages(
  app: FastifyInstance,
  pipeline: RequestPipeline,
  description: () => Promise<object>,
): Promise<void> {
  const { gateway, version } = pipeline.options;
  await app.register(fastifyHelmet, {
    global: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: [`'sha256-${STYLE_HASH}'`],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Encryption is the business of whoever stands in front; here it would break http://localhost.
    strictTransportSecurity: false,
  });
  const hidden = { schema: { hide: true }, helmet: {} };
  app.get('/', hidden, async (request, reply) => {
    const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
    const baseUrl = `${scheme}://${request.headers.host ?? '127.0.0.1'}`;
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');
    return statusPage({ version, baseUrl, localMode: pipeline.localMode, status: await gateway.status() });
  });
  app.get('/openapi.json', { schema: { hide: true } }, description);
  app.get('/docs', hidden, async (_request, reply) => {
    return reply.type('text/html; charset=utf-8').send(referencePage(await description()));
  });
  app.get('/v1/responses', { schema: { hide: true } }, async (request, reply) => {
    if (request.headers.upgrade === undefined) return reply.callNotFound();
    const message = 'This gateway does not speak WebSocket here; use HTTP.';
    const body = { error: { message, type: 'invalid_request_error', param: null, code: null } };
    return reply.code(UPGRADE_REQUIRED).headers({ upgrade: 'HTTP/1.1', connection: 'upgrade' }).send(body);
  });
}
