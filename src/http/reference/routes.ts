/** The API reference: Scalar on the OpenAPI document, served from here alone. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import fastifyHelmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { piecesOf } from '../http-exchange.ts';
import { REFERENCE_PAGE, SCALAR_PATH, START_PATH, START_SCRIPT } from './page.ts';
import { loadScalar } from './scalar.ts';

/** In a context of its own: the hooks of helmet would run for every request of the server. */
export async function registerReference(app: FastifyInstance): Promise<void> {
  await app.register(fastifyHelmet, HELMET);
  app.get('/docs', async (_request, reply) => {
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');
    return REFERENCE_PAGE;
  });
  app.get(START_PATH, async (_request, reply) => asScript(reply).send(START_SCRIPT));
  app.get(SCALAR_PATH, async ({ headers }, reply) => {
    const compressed = await loadScalar();
    // In pieces: written at once it would look like an answer that its client has stopped reading, see stalled-clients.ts.
    const pieces = Readable.from(piecesOf(compressed), { objectMode: false });
    asScript(reply).header('vary', 'accept-encoding');
    const takesGzip = /\bgzip\b/.test(String(headers['accept-encoding']));
    return takesGzip ? reply.header('content-encoding', 'gzip').send(pieces) : reply.send(pieces.pipe(createGunzip()));
  });
}

/** Another version of dragoman may have another version of Scalar at the same address. */
function asScript(reply: FastifyReply): FastifyReply {
  return reply.type('text/javascript; charset=utf-8').header('cache-control', 'no-cache');
}

/** Scripts are files of this server, never inline; requests, those of "Test Request" included, go to this server only. */
const HELMET: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      // Scalar and its editor insert style elements while they run, some of them without a nonce.
      styleSrc: ["'unsafe-inline'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      fontSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // Encryption is a reverse proxy's task; this header would break http://localhost.
  strictTransportSecurity: false,
};
