/**
 * Covers what stands before the host of an address, for people to read. Parsers of addresses take the last `@` before
 * the path for its end (https://url.spec.whatwg.org/#authority-state), so whatever a password holds must be covered.
 */
const USERINFO = /\/\/[^/?#]*@/;
const PASSWORD = /(:\/\/[^/?#:]*):[^/?#]*@/;
const PASSWORD_IN_TEXT = /(:\/\/[^/?#:\s]*):[^/?#\s]*@/g;

/** User and password. */
export function withoutUserinfo(address: string): string {
  return address.replace(USERINFO, '//••••@');
}

/** The password alone. */
export function withoutPassword(address: string): string {
  return address.replace(PASSWORD, '$1:••••@');
}

/** The passwords of all addresses in a text. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(PASSWORD_IN_TEXT, '$1:••••@');
}
