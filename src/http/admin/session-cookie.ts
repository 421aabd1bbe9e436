/** The cookie of a console session. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';

const NAME = 'dragoman_session';

/** undefined if the request has no such cookie. */
export function sessionCookieOf({ cookie }: IncomingHttpHeaders): string | undefined {
  // Most requests have none, and the headers are bounded.
  return cookie?.includes(NAME) ? parseCookie(cookie)[NAME] : undefined;
}

/** The value of `set-cookie`. `maxAgeS` 0 removes the cookie. */
export function writeSessionCookie(value: string, maxAgeS: number, request: IncomingMessage): string {
  return stringifySetCookie({
    name: NAME,
    value,
    maxAge: Math.floor(maxAgeS),
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
    secure: isEncrypted(request),
  });
}

/**
 * A reverse proxy that adds TLS says so. Any client may claim it, but the only effect is on the client's own cookie, and
 * pages of other origins cannot set the header.
 */
function isEncrypted({ headers, socket }: IncomingMessage): boolean {
  const forwarded = headers['x-forwarded-proto'];
  const proto = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0];
  return 'encrypted' in socket || proto?.trim().toLowerCase() === 'https';
}
