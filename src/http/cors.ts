/**
 * Which web pages may call the client API: with keys every one (or the listed ones), without keys only the listed ones.
 * The first key may be created while the gateway runs, so the mode is read for each request.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyCorsOptions } from '@fastify/cors';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `false`: web pages of other origins may not use the route, whatever the settings allow. */
    cors?: false;
  }
}

/** For the plugin, which answers preflights. */
export function corsRules(isLocalMode: () => boolean, origins: readonly string[]): FastifyCorsOptions {
  const listed = [...origins];
  return {
    origin: (_origin, done) => done(null, listed.length > 0 ? listed : isLocalMode() ? false : '*'),
    methods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
    exposedHeaders: EXPOSED,
    maxAge: DAY_S,
    strictPreflight: false,
  };
}

/**
 * The headers of an answer that is not one to a preflight. Not from the plugin, which puts them together for each answer and
 * sends all of them to every program, not only to web pages.
 */
export function corsHeaders(
  origin: string | undefined,
  isLocalMode: boolean,
  origins: readonly string[],
): Readonly<OutgoingHttpHeaders> {
  // Not of a page. `vary` keeps caches from giving this answer to one.
  if (origin === undefined) return WITHOUT_ORIGIN;
  if (origins.length === 0) return isLocalMode ? WITHOUT_ORIGIN : forOrigin('*');
  if (origins.includes('*')) return forOrigin('*');
  return origins.includes(origin) ? forOrigin(origin) : WITHOUT_ORIGIN;
}

const WITHOUT_ORIGIN = { vary: 'Origin' };

function forOrigin(allowed: string): OutgoingHttpHeaders {
  return { ...WITHOUT_ORIGIN, 'access-control-allow-origin': allowed, 'access-control-expose-headers': EXPOSED };
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

const EXPOSED = EXPOSED_HEADERS.join(', ');
