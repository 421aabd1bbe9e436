/**
 * Checks that a client's URL leads to the public internet on the default ports. The ranges are
 * those of IANA's special-purpose registries, as ipaddr.js keeps them.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The result of checking a URL without network access; `why` is for the client. */
export type Judgement =
  | { readonly type: 'fine'; readonly url: URL; readonly host: string; readonly isVouchedFor: boolean }
  | { readonly type: 'refused'; readonly why: string };

/** `isAllowed`: whether the operator allows a host with its port, such as `files.example.com:8443`. */
export function judgeUrl(text: string, isAllowed: (hostAndPort: string) => boolean): Judgement {
  if (text.length > MAX_URL_CHARACTERS) return refused(`the URL is longer than ${MAX_URL_CHARACTERS} characters`);
  // The URL parser drops tabs and line breaks and turns backslashes into slashes, so reject them.
  if (/[\s\\]|[^\x20-\x7e]/.test(text)) return refused('the URL contains spaces, backslashes or non-ASCII characters');
  const url = URL.parse(text);
  if (!url) return refused('it is not a valid URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refused('only http and https can be fetched');
  const [, authority = ''] = /^https?:\/\/([^/?#]*)/i.exec(text) ?? [];
  if (authority.includes('@')) return refused('URLs with a user name or password are not fetched');
  const host = bareHost(url.hostname);
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  if (isAllowed(`${host}:${port}`)) return { type: 'fine', url, host, isVouchedFor: true };
  if (port === undefined || !PORTS.has(port)) return refused(`port ${port} is not allowed, only 80 and 443`);
  if (isIP(host) !== 0) {
    const written = bareHost(authority.replace(/:\d*$/, '').toLowerCase());
    if (isIP(written) === 0) return refused('a numeric host must be a standard IP address');
    return isPublicAddress(host) ? fine(url, host) : refused(PRIVATE);
  }
  return isPublicName(host) ? fine(url, host) : refused(PRIVATE);
}

export const PRIVATE = 'it leads to a private or reserved network';

const MAX_URL_CHARACTERS = 8_192;
const PORTS: ReadonlySet<number> = new Set([80, 443]);

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function fine(url: URL, host: string): Judgement {
  return { type: 'fine', url, host, isVouchedFor: false };
}

function refused(why: string): Judgement {
  return { type: 'refused', why };
}

/** Removes the brackets of IPv6 and the trailing dot of a fully qualified name. */
function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** Suffixes of private networks: RFC 6761, 6762, 8375 and the conventions of clouds and routers. */
const PRIVATE_SUFFIXES = [
  'localhost',
  'local',
  'internal',
  'intranet',
  'lan',
  'corp',
  'home',
  'home.arpa',
  'arpa',
  'onion',
  'test',
  'invalid',
];

function isPublicName(name: string): boolean {
  if (!name.includes('.') || name.startsWith('.') || name.includes('..')) return false;
  return !PRIVATE_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`));
}

/** In public ranges, but internal: Azure's host agent and the former 6to4 anycast. */
const NOT_PUBLIC = [ipaddr.IPv4.parseCIDR('168.63.129.16/32'), ipaddr.IPv4.parseCIDR('192.88.99.0/24')];
/** The allocated global unicast range. Any other address embeds an IPv4 address, is special or is unassigned. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv4) return !NOT_PUBLIC.some((range) => parsed.match(range));
  return parsed instanceof ipaddr.IPv6 && parsed.zoneId === undefined && parsed.match(GLOBAL_UNICAST);
}
