/** The pages for people: the status, and the API reference. No scripts, no external resources, a strict policy. */
import fastifyHelmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { STYLE_HASH } from './page.ts';
import { referencePage } from './reference-page.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { statusPage } from './status-page.ts';

export async function registerPages(
  app: FastifyInstance,
  pipeline: RequestPipeline,
  description: () => object,
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
    // Encryption is a reverse proxy's task; this header would break http://localhost.
    strictTransportSecurity: false,
  });
  const options = { helmet: {} };
  app.get('/', options, async (request, reply) => {
    const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
    const baseUrl = `${scheme}://${request.headers.host ?? '127.0.0.1'}`;
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');
    return statusPage({ version, baseUrl, localMode: pipeline.localMode, status: await gateway.status() });
  });
  app.get('/openapi.json', async () => description());
  app.get('/docs', options, async (_request, reply) => {
    return reply.type('text/html; charset=utf-8').send(referencePage(description()));
  });
}
