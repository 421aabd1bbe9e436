/**
 * What protects a gateway without keys: it listens on this machine only, and refuses requests that reached it by another
 * name. A web page can make a browser send requests here, either directly (foreign `Origin`) or by pointing its own host
 * name at 127.0.0.1 (foreign `Host`). Both are refused.
 */
import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK_V4 = /^127(?:\.(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/;

/** `localhost`, `127.0.0.0/8`, `::1`, in brackets or mapped to IPv6. Names are compared as text and never resolved. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:/, '')
    .replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || LOOPBACK_V4.test(name);
}

interface KeyCounts {
  /** No key is configured or stored, not even a revoked one. */
  readonly isEmpty: boolean;
  /** Neither revoked nor expired. */
  readonly usable: number;
}

/** Throws if other machines could use the accounts without a key at this address, or if no client could use them. */
export function assertMayListen(host: string, { isEmpty, usable }: KeyCounts): void {
  if (usable > 0 || isLoopback(host)) return;
  const problem = isEmpty
    ? 'no API key is set, so every machine that reaches it could use your account'
    : 'every API key is revoked or has expired, so no client could use it';
  throw new Error(
    `dragoman will not listen on ${JSON.stringify(host)}, which other machines can reach: ${problem}. ` +
      'Create a key with `dragoman keys create NAME`, set DRAGOMAN_API_KEYS, or listen on 127.0.0.1.',
  );
}

/** Why the request is refused, as a message for the client; undefined if it is allowed. */
export function originRejection(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): string | undefined {
  const { host, origin } = headers;
  if (host !== undefined && !isLoopback(withoutPort(host))) {
    return `Without API keys dragoman only accepts requests to this machine's own name, not to ${shown(host)}. Use http://127.0.0.1, or set DRAGOMAN_API_KEYS.`;
  }
  if (origin !== undefined && origin !== `http://${host}` && !allowedOrigins.includes(origin.toLowerCase())) {
    return `Web pages from ${shown(origin)} may not use this gateway. To allow them, add the origin to DRAGOMAN_CORS_ORIGINS.`;
  }
  return undefined;
}

/**
 * Why the admin API refuses the request even with the right token: a browser sends it for a page of another origin, or a
 * page has pointed its own host name at this machine.
 */
export function adminOriginRejection(headers: IncomingHttpHeaders, isLoopbackOnly: boolean): string | undefined {
  const { host, origin } = headers;
  if (isLoopbackOnly && host !== undefined && !isLoopback(withoutPort(host))) {
    return `The admin API only accepts requests to this machine's own name, not to ${shown(host)}. Use http://127.0.0.1.`;
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return `Web pages from ${shown(origin)} may not use the admin API.`;
  }
  return undefined;
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '');
}

function shown(value: string): string {
  return JSON.stringify(value.slice(0, 100));
}
