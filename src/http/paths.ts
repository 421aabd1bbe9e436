/**
 * Which route a request means and whose error format it expects, derived from the routes that the protocols declare. Users
 * get base URLs wrong in the same few ways: a doubled `/v1` or none at all, `/api` or a vendor's name in front, a slash too
 * many, the path of a whole endpoint, or the form of Azure. All of them mean the same route. An alias always leads below
 * `/v1`, where every route requires a key, so none leads to the admin API.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { MODEL_ROUTES } from '../protocols/models.ts';
import type { ClientProtocol } from '../protocols/protocol.ts';

/** What the calling key has used: not an endpoint of a vendor, and served to the clients of both. */
export const USAGE_PATH = '/v1/usage';

/** Endpoints of the vendors' APIs that clients try and dragoman does not serve: their aliases get the same 404. */
const UNSERVED_PATHS = ['/v1/embeddings'];

const VERSION = 'v1';

export class ApiPaths {
  readonly #protocols: readonly [ClientProtocol, ...ClientProtocol[]];
  readonly #vendors: ReadonlySet<string>;
  /** Paths without parameters, as they are declared. */
  readonly #canonical: ReadonlySet<string>;
  /** The same below `/v1/`: `chat/completions`. */
  readonly #endpoints: ReadonlySet<string>;
  readonly #longestEndpoint: number;
  /** First segments below `/v1`: `chat`, `messages`. They may come without `/v1`. */
  readonly #roots: ReadonlySet<string>;
  /** Roots with objects below them: `responses`, `models`. */
  readonly #collections = new Set<string>();
  /** Those whose ids may contain slashes. */
  readonly #wildcards = new Set<string>();
  readonly #protocolByRoot = new Map<string, ClientProtocol>();

  constructor(protocols: readonly ClientProtocol[]) {
    const [first, ...others] = protocols;
    if (!first) throw new Error('A server needs at least one client protocol.');
    this.#protocols = [first, ...others];
    this.#vendors = new Set(protocols.map(({ vendor }) => vendor));
    const declared = protocols.flatMap(({ routes }) => routes.map(({ path }) => path));
    const paths = [...declared, ...MODEL_ROUTES.map(({ path }) => path), USAGE_PATH, ...UNSERVED_PATHS];
    const all = paths.map(segmentsBelowVersion);
    this.#canonical = new Set(paths.filter((path) => !/[:*]/.test(path)));
    this.#endpoints = new Set([...this.#canonical].map((path) => segmentsBelowVersion(path).join('/')));
    this.#longestEndpoint = Math.max(...[...this.#endpoints].map((endpoint) => endpoint.split('/').length));
    this.#roots = new Set(all.map(([root = '']) => root));
    for (const [root = '', second = ''] of all) {
      if (/^[:*]/.test(second)) this.#collections.add(root);
      if (second === '*') this.#wildcards.add(root);
    }
    for (const protocol of protocols)
      for (const { path } of protocol.routes) {
        const [root = ''] = segmentsBelowVersion(path);
        if (!this.#protocolByRoot.has(root)) this.#protocolByRoot.set(root, protocol);
      }
  }

  /** `/openai/v1/v1//models/?limit=1` → `/v1/models?limit=1`. Anything that is not an alias stays what it is. */
  canonicalUrl(url: string): string {
    if (url === '*') return '/';
    const queryAt = url.indexOf('?');
    const path = queryAt < 0 ? url : url.slice(0, queryAt);
    if (this.#canonical.has(path)) return url;
    const query = queryAt < 0 ? '' : url.slice(queryAt);
    const given = segmentsOf(path);
    const segments = this.#withoutPrefixes(given);
    const isApi = segments.length < given.length || this.#roots.has(segments[0] ?? '');
    if (!isApi) return `/${segments.join('/')}${query}`;
    const { endpoint, model } = this.#withoutDeployment(segments);
    const canonical = `/${[VERSION, ...this.#withoutPastedEndpoint(endpoint)].join('/')}`;
    return `${canonical}${model === undefined ? query : withModel(query, model)}`;
  }

  /**
   * The protocol that writes errors for a path without a route of its own. `originalUrl` is what the client wrote, `url`
   * its canonical form. The path decides, then a vendor's name in front of it, then a header.
   */
  protocolOf(originalUrl: string, url: string, headers: IncomingHttpHeaders): ClientProtocol {
    const [version, root = ''] = segmentsOf(url.replace(/\?.*/s, ''));
    const ofPath = version === VERSION ? this.#protocolByRoot.get(root) : undefined;
    if (ofPath) return ofPath;
    const vendor = this.#vendorIn(originalUrl);
    const ofSender = this.#protocols.find((protocol) =>
      vendor === undefined
        ? protocol.clientHeader !== undefined && headers[protocol.clientHeader] !== undefined
        : protocol.vendor === vendor,
    );
    return ofSender ?? this.#protocols[0];
  }

  /** Without `v1`, vendors' names, and `api` where an API follows: `/api/hello` is a path of its own. */
  #withoutPrefixes(given: readonly string[]): readonly string[] {
    let rest = given;
    for (;;) {
      const [first = '', second = ''] = rest;
      const isApi = first === 'api' && (second === VERSION || this.#vendors.has(second) || this.#roots.has(second));
      if (first !== VERSION && !this.#vendors.has(first) && !isApi) return rest;
      rest = rest.slice(1);
    }
  }

  /** Azure names the model in the path: `/openai/deployments/{model}/chat/completions?api-version=…`. */
  #withoutDeployment(segments: readonly string[]): { endpoint: readonly string[]; model?: string } {
    const [first, model, ...endpoint] = segments;
    if (first !== 'deployments' || model === undefined || !this.#endpoints.has(endpoint.join('/')))
      return { endpoint: segments };
    return { endpoint, model };
  }

  /** The base URL was that of an endpoint, and the client has appended the path of another: the latter is meant. */
  #withoutPastedEndpoint(segments: readonly string[]): readonly string[] {
    for (let at = 1; at < segments.length && at <= this.#longestEndpoint; at++) {
      const pasted = segments.slice(0, at).join('/');
      if (!this.#endpoints.has(pasted)) continue;
      const meant = this.#withoutPastedEndpoint(this.#withoutPrefixes(segments.slice(at)));
      const isObject = meant.length > 1 && this.#collections.has(meant[0] ?? '');
      if (this.#endpoints.has(meant.join('/')) || (isObject && !this.#wildcards.has(pasted))) return meant;
    }
    return segments;
  }

  #vendorIn(originalUrl: string): string | undefined {
    for (const segment of segmentsOf(originalUrl.replace(/\?.*/s, ''))) {
      if (this.#vendors.has(segment)) return segment;
      if (segment !== VERSION && segment !== 'api') return undefined;
    }
    return undefined;
  }
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function segmentsBelowVersion(path: string): string[] {
  return segmentsOf(path).slice(1);
}

/** Takes the place of the body's `model` if that is missing: `modelInUrl` reads it. */
function withModel(query: string, model: string): string {
  // In a path these two characters stand for themselves.
  const value = model.replaceAll('+', '%2B').replaceAll('&', '%26');
  return `${query === '' ? '?' : `${query}&`}${DEPLOYMENT}=${value}`;
}

const DEPLOYMENT = 'dragoman-deployment';

/** The model that Azure's form of the path named, if `canonicalUrl` found one. */
export function modelInUrl(url: string): string | undefined {
  if (!url.includes(DEPLOYMENT)) return undefined;
  return new URLSearchParams(url.slice(url.indexOf('?'))).getAll(DEPLOYMENT).at(-1) || undefined;
}
