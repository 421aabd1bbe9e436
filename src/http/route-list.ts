/** The routes of a server as they were registered: the source of the API reference and of the 405 responses. */
import type { FastifySchema, RouteOptions } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Not among the methods that a 405 response names: the route only explains something. */
    unlisted?: true;
    /** A request without a body counts as one with `{}`. */
    bodyIsOptional?: true;
  }
  /** What the API reference says about a route. */
  interface FastifySchema {
    hide?: boolean;
    tags?: readonly string[];
    summary?: string;
    description?: string;
    /** A body that can be sent as it is. */
    example?: unknown;
    security?: readonly Readonly<Record<string, readonly string[]>>[];
  }
}

export interface ListedRoute {
  readonly method: string;
  /** As Fastify has it: `/v1/responses/:id`. */
  readonly url: string;
  readonly schema: FastifySchema;
  readonly bodyIsOptional: boolean;
}

export class RouteList {
  readonly #routes: RouteOptions[] = [];
  #allowed: AllowedMethods | undefined;

  /** For Fastify's `onRoute` hook. Hooks of plugins may still complete the route, so it is not read yet. */
  readonly add = (route: RouteOptions): void => {
    this.#routes.push(route);
  };

  /** Those with a summary, in the order of their registration. */
  get described(): readonly ListedRoute[] {
    return this.#routes.flatMap(({ method, url, schema, config }) => {
      if (schema?.summary === undefined) return [];
      const bodyIsOptional = config?.bodyIsOptional === true;
      return [method].flat().flatMap((one) => (one === 'HEAD' ? [] : [{ method: one, url, schema, bodyIsOptional }]));
    });
  }

  /** `GET, HEAD, OPTIONS`; undefined if no route has this path. */
  allowed(path: string): string | undefined {
    this.#allowed ??= collectMethods(this.#routes);
    const { byPath, patterns } = this.#allowed;
    return (byPath.get(path) ?? patterns.find(([pattern]) => pattern.test(path))?.[1])?.join(', ');
  }
}

interface AllowedMethods {
  readonly byPath: ReadonlyMap<string, readonly string[]>;
  /** The same for paths with parameters. */
  readonly patterns: readonly (readonly [RegExp, readonly string[]])[];
}

function collectMethods(routes: readonly RouteOptions[]): AllowedMethods {
  const byPath = new Map<string, string[]>();
  const withCors = new Set<string>();
  for (const { method, url, config } of routes) {
    const methods = [method].flat().filter((one) => one !== 'OPTIONS');
    if (config?.unlisted || methods.length === 0) continue;
    byPath.set(url, [...(byPath.get(url) ?? []), ...methods]);
    if (config?.cors !== false) withCors.add(url);
  }
  // The CORS plugin answers OPTIONS for all paths that it covers.
  for (const url of withCors) byPath.get(url)?.push('OPTIONS');
  const parametric = [...byPath].filter(([url]) => /[:*]/.test(url));
  return { byPath, patterns: parametric.map(([url, methods]) => [toPattern(url), methods]) };
}

function toPattern(url: string): RegExp {
  const escaped = url.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.+')}$`);
}
