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

/** The headers of an answer that is not one to a preflight: the plugin puts them together for each answer. */
export function corsHeaders(
  origin: string | undefined,
  isLocalMode: boolean,
  origins: readonly string[],
): Readonly<OutgoingHttpHeaders> {
  if (origins.length === 0) return isLocalMode ? FOR_NOBODY : FOR_EVERYBODY;
  if (origins.includes('*')) return FOR_EVERYBODY;
  return origin !== undefined && origins.includes(origin) ? allowing(origin) : FOR_NOBODY;
}

function allowing(origin: string): OutgoingHttpHeaders {
  return { ...FOR_NOBODY, 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED };
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

/** `vary` keeps caches from giving the answer to a page. */
const FOR_NOBODY = { vary: 'Origin' };
const FOR_EVERYBODY = allowing('*');
