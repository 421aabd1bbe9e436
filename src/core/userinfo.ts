/**
 * Masks the credentials before the host of a URL, for display. URL parsers end them at the last `@` before
 * the path (https://url.spec.whatwg.org/#authority-state), so a password may contain `@`.
 */
const USERINFO = /\/\/[^/?#]*@/;
const PASSWORD = /(:\/\/[^/?#:]*):[^/?#]*@/;
const PASSWORD_IN_TEXT = /(:\/\/[^/?#:\s]*):[^/?#\s]*@/g;

/** Masks user and password. */
export function withoutUserinfo(address: string): string {
  return address.replace(USERINFO, '//••••@');
}

/** Masks only the password. */
export function withoutPassword(address: string): string {
  return address.replace(PASSWORD, '$1:••••@');
}

/** Masks the passwords of all URLs in a text. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(PASSWORD_IN_TEXT, '$1:••••@');
}
