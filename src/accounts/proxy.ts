/**
 * The proxy of one account: an address, or `direct` for none at all whatever the environment says. It may hold a
 * password, so it is stored sealed and shown only through `shownProxy`.
 */
import { GatewayError } from '../core/errors.ts';

export const DIRECT = 'direct';
const SCHEMES: readonly string[] = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** Throws `invalid_request`, never quoting what may hold a password. */
export function checkedProxy(proxy: string): string {
  const written = proxy.trim();
  if (written.toLowerCase() === DIRECT) return DIRECT;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const isProxy = url && SCHEMES.includes(url.protocol) && url.hostname !== '' && /^\/?$/.test(url.pathname);
  if (isProxy && url.search === '' && url.hash === '' && isDecodable(url)) return written;
  throw new GatewayError(
    'invalid_request',
    'The proxy must be an address which begins with http://, https:// or socks5:// and has nothing behind the port, or `direct`.',
    { param: 'proxy' },
  );
}

/** A `%` in a password must be written `%25`; half of one would fail at the first request. */
function isDecodable({ username, password }: URL): boolean {
  return !/%(?![0-9a-f]{2})/i.test(username + password);
}

/** For people: user and password covered. */
export function shownProxy(proxy: string): string {
  return proxy.replace(/\/\/[^/@]*@/, '//••••@');
}
