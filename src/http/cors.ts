/** Which web pages may call the client API: with keys every one (or the listed ones), without keys only the listed ones. */
import type { FastifyCorsOptions } from '@fastify/cors';

export function corsRules(localMode: boolean, origins: readonly string[]): FastifyCorsOptions {
  const everyone = localMode ? false : '*';
  return {
    origin: origins.length === 0 ? everyone : [...origins],
    methods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: DAY_S,
    strictPreflight: false,
  };
}

const DAY_S = 86_400;

/** What a page may read besides the body. */
const EXPOSED_HEADERS = [
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'openai-processing-ms',
  'anthropic-organization-id',
  'x-dragoman-adjustments',
  'x-dragoman-route',
];
