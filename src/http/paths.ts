/**
 * Which route a request means, and which API its sender speaks. Users get base URLs wrong in the same few ways: a
 * doubled `/v1`, none at all, a vendor's name in front, a slash too many. All of them mean the same route.
 */
import type { IncomingHttpHeaders } from 'node:http';

export type Dialect = 'openai' | 'anthropic';

/** First segments of the client APIs, which may come without `/v1`. */
const API_ROOTS = new Set(['chat', 'completions', 'embeddings', 'fim', 'messages', 'models', 'responses']);

/** `/openai/v1/v1//models/?limit=1` → `/v1/models?limit=1`. Anything that is no alias stays what it is. */
export function canonicalUrl(url: string): string {
  if (url === '*') return '/';
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? '' : url.slice(queryAt);
  if (ALREADY_CANONICAL.test(path)) return url;
  const segments = path.split('/').filter((segment) => segment !== '');
  const vendor = segments[0] === 'openai' || segments[0] === 'anthropic';
  if (vendor) segments.shift();
  const versioned = segments[0] === 'v1';
  while (segments[0] === 'v1') segments.shift();
  const isApi = vendor || versioned || API_ROOTS.has(segments[0] ?? '');
  return `/${(isApi ? ['v1', ...segments] : segments).join('/')}${query}`;
}

const ALREADY_CANONICAL = /^\/v1\/(?:chat\/completions|messages)$/;

/** `originalUrl` is what the client wrote, `url` its canonical form. */
export function dialectOf(originalUrl: string, url: string, headers: IncomingHttpHeaders): Dialect {
  if (url.startsWith('/v1/chat/')) return 'openai';
  if (url.startsWith('/v1/messages') || originalUrl.startsWith('/anthropic/')) return 'anthropic';
  return headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
}
