/**
 * The proxy of one account: a URL, or `direct` for none, whatever the environment says. It may contain a password, so it
 * is stored encrypted and shown only through `shownProxy`.
 */
import { GatewayError } from '../core/errors.ts';
import { withoutUserinfo } from '../core/userinfo.ts';

export const DIRECT = 'direct';
const SCHEMES: readonly string[] = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** Stricter than URL parsers, which also accept `http:user:password@host` and line breaks. */
const SHAPE = /^[a-z0-9]+:\/\/[^/?#\\\s]+\/?$/i;

/** Encodes an `@` in the password as `%40`. Throws `invalid_request`, never quoting text that may contain a password. */
export function checkedProxy(proxy: string): string {
  const trimmed = proxy.trim();
  if (trimmed.toLowerCase() === DIRECT) return DIRECT;
  const url = SHAPE.test(trimmed) && URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url && SCHEMES.includes(url.protocol) && url.hostname !== '' && isDecodable(url)) return withOneAt(trimmed);
  throw new GatewayError(
    'invalid_request',
    'The proxy must be `direct`, or a URL that starts with http://, https:// or socks5:// and has nothing after the port.',
    { param: 'proxy' },
  );
}

/** A `%` in a password must be trimmed as `%25`; an invalid escape would fail at the first request. */
function isDecodable({ username, password }: URL): boolean {
  return !/%(?![0-9a-f]{2})/i.test(username + password);
}

function withOneAt(proxy: string): string {
  return proxy.replaceAll(/@(?=.*@)/g, '%40');
}

/** The URL without user and password, for people. */
export function shownProxy(proxy: string): string {
  return withoutUserinfo(proxy);
}
