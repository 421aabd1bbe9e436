/** The pages for people: the status, without scripts and external resources, and the API reference. */
import fastifyHelmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { STYLE_HASH } from './page.ts';
import { registerReference } from './reference/routes.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { statusPage } from './status-page.ts';

export async function registerPages(
  app: FastifyInstance,
  pipeline: RequestPipeline,
  description: () => object,
): Promise<void> {
  app.get('/openapi.json', async () => description());
  // In a context of their own: the hooks of helmet would run for every request of the server.
  if (pipeline.servesAdmin) await app.register(pagesOf(pipeline));
  // Agents send it to see whether a base URL answers.
  else app.head('/', { config: { unlisted: true } }, (_request, reply) => reply.send());
  await app.register(registerReference);
}

function pagesOf(pipeline: RequestPipeline) {
  return async (pages: FastifyInstance) => {
    await pages.register(fastifyHelmet, HELMET);
    addPages(pages, pipeline);
  };
}

const HELMET: FastifyHelmetOptions = {
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
};

function addPages(pages: FastifyInstance, pipeline: RequestPipeline): void {
  const { gateway, version } = pipeline.options;
  pages.get('/', async (request, reply) => {
    const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
    const baseUrl = `${scheme}://${request.headers.host ?? '127.0.0.1'}`;
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');
    return statusPage({ version, baseUrl, localMode: pipeline.localMode, status: await gateway.status() });
  });
}
