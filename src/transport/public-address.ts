/**
 * Which addresses a stranger's URL may lead to: the public internet on the usual ports, and nothing else. Ranges are
 * those of IANA's special-purpose registries, as ipaddr.js keeps them.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A URL as far as it can be judged without asking anybody; `why` is for the client. */
export type Judgement =
  | { readonly type: 'fine'; readonly url: URL; readonly host: string; readonly isVouchedFor: boolean }
  | { readonly type: 'refused'; readonly why: string };

/** `isAllowed`: hosts with ports, as in `files.example.com:8443`, which the operator has vouched for. */
export function judgeUrl(text: string, isAllowed: (hostAndPort: string) => boolean): Judgement {
  if (text.length > MAX_URL_CHARACTERS) return refused(`the address is longer than ${MAX_URL_CHARACTERS} characters`);
  // The URL parser drops tabs and line breaks and turns backslashes around: what was written must be what is meant.
  if (/[\s\\]|[^\x20-\x7e]/.test(text))
    return refused('the address has blanks, backslashes or characters beyond ASCII');
  const url = URL.parse(text);
  if (!url) return refused('this is no address');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refused('only http and https can be fetched');
  const [, authority = ''] = /^https?:\/\/([^/?#]*)/i.exec(text) ?? [];
  if (authority.includes('@')) return refused('addresses with a user name or password are not fetched');
  const host = bareHost(url.hostname);
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  if (isAllowed(`${host}:${port}`)) return { type: 'fine', url, host, isVouchedFor: true };
  if (port === undefined || !PORTS.has(port)) return refused(`port ${port} is not fetched from, only 80 and 443`);
  if (isIP(host) !== 0) {
    const written = bareHost(authority.replace(/:\d*$/, '').toLowerCase());
    if (isIP(written) === 0) return refused('a numeric host must be written in the usual way');
    return isPublicAddress(host) ? fine(url, host) : refused(PRIVATE);
  }
  return isPublicName(host) ? fine(url, host) : refused(PRIVATE);
}

export const PRIVATE = 'the address leads to a private or reserved network';

const MAX_URL_CHARACTERS = 8_192;
const PORTS: ReadonlySet<number> = new Set([80, 443]);

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function fine(url: URL, host: string): Judgement {
  return { type: 'fine', url, host, isVouchedFor: false };
}

function refused(why: string): Judgement {
  return { type: 'refused', why };
}

/** Without the brackets of IPv6 and without the dot which ends a fully qualified name. */
function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** Names of private networks alone: RFC 6761, 6762, 8375 and what clouds and routers made of them. */
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

/** Public by its range, but the inside of a cloud all the same: Azure's host agent; the old anycast of 6to4. */
const NOT_PUBLIC = [ipaddr.IPv4.parseCIDR('168.63.129.16/32'), ipaddr.IPv4.parseCIDR('192.88.99.0/24')];
/** What is handed out to the world so far. Anything else hides an IPv4 address, or is special, or belongs to nobody. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv4) return !NOT_PUBLIC.some((range) => parsed.match(range));
  return parsed instanceof ipaddr.IPv6 && parsed.zoneId === undefined && parsed.match(GLOBAL_UNICAST);
}
