/** The pages for people: the console, the API reference, the guide to errors. None needs anything of another host. */
import type { FastifyInstance } from 'fastify';
import { registerConsole } from './console/routes.ts';
import { registerErrorGuide } from './error-guide.ts';
import { registerReference } from './reference/routes.ts';
import type { RequestPipeline } from './request-pipeline.ts';

export async function registerPages(
  app: FastifyInstance,
  pipeline: RequestPipeline,
  description: () => object,
): Promise<void> {
  app.get('/openapi.json', async () => description());
  // In contexts of their own: the hooks of helmet would run for every request of the server.
  if (pipeline.servesAdmin) await app.register((scope) => registerConsole(scope, pipeline.options.consoleFolder));
  // Agents send it to see whether a base URL answers.
  else app.head('/', { config: { unlisted: true } }, (_request, reply) => reply.send());
  await app.register(registerReference);
  await app.register((scope) => registerErrorGuide(scope, pipeline.options.docsFolder));
}
