/**
 * What protects a gateway without keys: it listens on this machine only, and answers nobody who reached it by another
 * name. A page on the web can make a browser send requests here, directly (foreign `Origin`) or by pointing its own
 * host name at 127.0.0.1 (foreign `Host`); neither gets an answer.
 */
import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK_V4 = /^127(?:\.(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/;

/** `localhost`, `127.0.0.0/8`, `::1`, in brackets or mapped to IPv6. A name never means more than it says. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:/, '')
    .replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || LOOPBACK_V4.test(name);
}

interface KeyCounts {
  /** No key was ever configured or stored. */
  readonly isEmpty: boolean;
  /** Neither revoked nor expired. */
  readonly usable: number;
}

/** Throws when strangers could use the accounts of a gateway on this address, or when no client could. */
export function assertMayListen(host: string, { isEmpty, usable }: KeyCounts): void {
  if (usable > 0 || isLoopback(host)) return;
  const problem = isEmpty
    ? 'no API key is set, so every machine that reaches it could use your account'
    : 'every API key is revoked or has expired, so no client could use it';
  throw new Error(
    `dragoman does not listen on ${JSON.stringify(host)}, which other machines can reach: ${problem}. ` +
      'Create a key with `dragoman keys create NAME`, set DRAGOMAN_API_KEYS, or listen on 127.0.0.1.',
  );
}

/** Why this request is none of ours, in words for its sender; undefined when it is. */
export function originRejection(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): string | undefined {
  const { host, origin } = headers;
  if (host !== undefined && !isLoopback(withoutPort(host))) {
    return `Without an API key dragoman answers only under this machine's own name, not as ${shown(host)}. Use http://127.0.0.1, or set DRAGOMAN_API_KEYS.`;
  }
  if (origin !== undefined && origin !== `http://${host}` && !allowedOrigins.includes(origin.toLowerCase())) {
    return `Pages of the origin ${shown(origin)} may not use this gateway. Add it to DRAGOMAN_CORS_ORIGINS if they should.`;
  }
  return undefined;
}

/**
 * Why the admin API has no answer for this request, whatever token it carries: a browser sends it for a page of another
 * origin, or a page has pointed its own name at this machine.
 */
export function adminForeignness(headers: IncomingHttpHeaders, isLoopbackOnly: boolean): string | undefined {
  const { host, origin } = headers;
  if (isLoopbackOnly && host !== undefined && !isLoopback(withoutPort(host))) {
    return `The admin API answers only under this machine's own name, not as ${shown(host)}. Use http://127.0.0.1.`;
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return `Pages of the origin ${shown(origin)} may not use the admin API.`;
  }
  return undefined;
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '');
}

function shown(value: string): string {
  return JSON.stringify(value.slice(0, 100));
}
