/**
 * Which route a request means, and which API its sender speaks. Users get base URLs wrong in the same few ways: a
 * doubled `/v1` or none at all, `/api` or a vendor's name in front, a slash too many, the path of a whole endpoint, or
 * the form of Azure. All of them mean the same route. An alias always leads below `/v1`, where every route asks for a
 * key, so that none leads to the admin API.
 */
import type { IncomingHttpHeaders } from 'node:http';

export type Dialect = 'openai' | 'anthropic';

/** First segments of the client APIs, which may come without `/v1`. */
const API_ROOTS = new Set(['chat', 'completions', 'embeddings', 'fim', 'messages', 'models', 'responses']);
const VENDORS = new Set(['openai', 'anthropic']);

/** `/openai/v1/v1//models/?limit=1` → `/v1/models?limit=1`. Anything that is not an alias stays what it is. */
export function canonicalUrl(url: string): string {
  if (url === '*') return '/';
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? '' : url.slice(queryAt);
  if (ALREADY_CANONICAL.test(path)) return url;
  const given = path.split('/').filter((segment) => segment !== '');
  const segments = withoutPrefixes(given);
  const isApi = segments.length < given.length || API_ROOTS.has(segments[0] ?? '');
  if (!isApi) return `/${segments.join('/')}${query}`;
  const { endpoint, model } = withoutDeployment(segments);
  const canonical = `/${['v1', ...withoutPastedEndpoint(endpoint)].join('/')}`;
  return `${canonical}${model === undefined ? query : withModel(query, model)}`;
}

const ALREADY_CANONICAL = /^\/v1\/(?:chat\/completions|messages)$/;

/** Without `v1`, vendors' names, and `api` where an API follows: `/api/hello` is a path of its own. */
function withoutPrefixes(given: readonly string[]): readonly string[] {
  let rest = given;
  for (;;) {
    const [first = '', second = ''] = rest;
    const isApi = first === 'api' && (second === 'v1' || VENDORS.has(second) || API_ROOTS.has(second));
    if (first !== 'v1' && !VENDORS.has(first) && !isApi) return rest;
    rest = rest.slice(1);
  }
}

/** Azure names the model in the path: `/openai/deployments/{model}/chat/completions?api-version=…`. */
function withoutDeployment(segments: readonly string[]): { endpoint: readonly string[]; model?: string } {
  const [first, model, ...endpoint] = segments;
  if (first !== 'deployments' || model === undefined || !ENDPOINT.test(endpoint.join('/')))
    return { endpoint: segments };
  return { endpoint, model };
}

/** The base URL was that of an endpoint, to which the client has added the path of one: the latter is meant. */
function withoutPastedEndpoint(segments: readonly string[]): readonly string[] {
  for (let at = 1; at < segments.length && at <= MAX_ENDPOINT_SEGMENTS; at++) {
    const pasted = segments.slice(0, at).join('/');
    if (!ENDPOINT.test(pasted)) continue;
    const meant = withoutPastedEndpoint(withoutPrefixes(segments.slice(at)));
    const path = meant.join('/');
    if (ENDPOINT.test(path) || (pasted !== 'models' && OBJECT.test(path))) return meant;
  }
  return segments;
}

const MAX_ENDPOINT_SEGMENTS = 2;
const ENDPOINT =
  /^(?:chat\/completions|completions|fim\/completions|embeddings|messages|messages\/count_tokens|models|responses)$/;
/** A stored response, or a model, whose id may hold slashes. */
const OBJECT = /^(?:responses|models)\/./;

/** Takes the place of the body's `model` where that has none: `modelInUrl` reads it. */
function withModel(query: string, model: string): string {
  const value = model.replaceAll('+', '%2B').replaceAll('&', '%26'); // of a path, where these stand for themselves
  return `${query === '' ? '?' : `${query}&`}${DEPLOYMENT}=${value}`;
}

const DEPLOYMENT = 'dragoman-deployment';

/** The model that Azure's form of the path named, if `canonicalUrl` found one. */
export function modelInUrl(url: string): string | undefined {
  if (!url.includes(DEPLOYMENT)) return undefined;
  return new URLSearchParams(url.slice(url.indexOf('?'))).getAll(DEPLOYMENT).at(-1) || undefined;
}

/** `originalUrl` is what the client wrote, `url` its canonical form. */
export function dialectOf(originalUrl: string, url: string, headers: IncomingHttpHeaders): Dialect {
  if (url.startsWith('/v1/chat/')) return 'openai';
  if (url.startsWith('/v1/messages') || ANTHROPIC.test(originalUrl)) return 'anthropic';
  return headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
}

const ANTHROPIC = /^\/+(?:(?:api|v1)\/+)*anthropic(?:\/|$)/;
