/** `GET /metrics`: for Prometheus, on this machine without a token. */
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { z } from 'zod';
import { isLoopback } from './local-mode.ts';
import { CLIENT_ERRORS } from './openapi.ts';
import type { MetricsSource } from './ports.ts';
import type { RequestPipeline } from './request-pipeline.ts';

export function registerMetrics(
  app: FastifyInstance,
  pipeline: RequestPipeline,
  { access, page }: MetricsSource,
): void {
  const onRequest = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => {
    if (access === 'open' || (access === 'loopback' && isFromThisMachine(request))) done();
    else pipeline.requireAdmin(request, reply, done);
  };
  const schema = {
    tags: ['Operation'],
    summary: 'Figures for Prometheus',
    description: 'In the text format. Needs the admin token, except from this machine or with `DRAGOMAN_METRICS=open`.',
    security: [{ adminToken: [] }, {}],
    response: { 200: z.string().describe('The metrics; docs/telemetry.md lists them.'), ...CLIENT_ERRORS },
  };
  app.get('/metrics', { config: { kind: 'probe', cors: false }, schema, onRequest }, async (_request, reply) => {
    const { contentType, text } = await page();
    return reply.type(contentType).header('cache-control', 'no-store').send(text);
  });
}

/** Headers by which reverse proxies say that they pass on the request of another machine. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/**
 * Not what a reverse proxy on this machine passes on, nor what a web page sends that has pointed its own host name at this
 * machine. A proxy that adds none of the headers and changes `Host` cannot be told from a local program: docs/telemetry.md.
 */
function isFromThisMachine({ raw, headers }: FastifyRequest): boolean {
  if (FORWARDING.some((name) => headers[name] !== undefined)) return false;
  const { host = '' } = headers;
  return isLoopback(raw.socket.remoteAddress ?? '') && isLoopback(host.replace(/:\d*$/, ''));
}
