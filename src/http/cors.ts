/**
 * Which web pages may call the client API: with keys every one (or the listed ones), without keys only the listed ones.
 * The first key may be created while the gateway runs, so the mode is read for each request.
 */
import type { FastifyCorsOptions } from '@fastify/cors';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `false`: web pages of other origins may not use the route, whatever the settings allow. */
    cors?: false;
  }
}

export function corsRules(isLocalMode: () => boolean, origins: readonly string[]): FastifyCorsOptions {
  const listed = [...origins];
  return {
    origin: (_origin, done) => done(null, listed.length > 0 ? listed : isLocalMode() ? false : '*'),
    methods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
    // As text: the plugin would join a list for each request.
    exposedHeaders: EXPOSED_HEADERS.join(', '),
    maxAge: DAY_S,
    strictPreflight: false,
  };
}

const DAY_S = 86_400;

/** Headers that a page may read. */
const EXPOSED_HEADERS = [
  'x-request-id',
  'request-id',
  'link',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'openai-processing-ms',
  'anthropic-organization-id',
  'x-dragoman-adjustments',
  'x-dragoman-route',
  'x-dragoman-budget',
  ...['limit', 'remaining', 'reset'].flatMap((what) => [
    `x-ratelimit-${what}-requests`,
    `x-ratelimit-${what}-tokens`,
    `anthropic-ratelimit-requests-${what}`,
    `anthropic-ratelimit-tokens-${what}`,
  ]),
];
