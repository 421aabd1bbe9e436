/**
 * The proxy of one account: an address, or `direct` for none at all whatever the environment says. It may hold a
 * password, so it is stored sealed and shown only through `shownProxy`.
 */
import { GatewayError } from '../core/errors.ts';
import { withoutUserinfo } from '../core/userinfo.ts';

export const DIRECT = 'direct';
const SCHEMES: readonly string[] = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** As it is written in an address, and only so: parsers also read `http:user:password@host`, and over line breaks. */
const SHAPE = /^[a-z0-9]+:\/\/[^/?#\\\s]+\/?$/i;

/** With an `@` of the password written `%40`. Throws `invalid_request`, never quoting what may hold a password. */
export function checkedProxy(proxy: string): string {
  const written = proxy.trim();
  if (written.toLowerCase() === DIRECT) return DIRECT;
  const url = SHAPE.test(written) && URL.canParse(written) ? new URL(written) : undefined;
  if (url && SCHEMES.includes(url.protocol) && url.hostname !== '' && isDecodable(url)) return withOneAt(written);
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

function withOneAt(proxy: string): string {
  return proxy.replaceAll(/@(?=.*@)/g, '%40');
}

/** For people: user and password covered. */
export function shownProxy(proxy: string): string {
  return withoutUserinfo(proxy);
}
