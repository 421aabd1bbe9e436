/** Masks the secrets in a database URL for display, and lists them for redaction. */

const MASK = '••••';
const SCHEME = /^[a-z]+:/i;
/** `postgres://user:password@/name?host=/run/postgresql`: no host, which the client library takes and URL refuses. */
const NO_HOST = '@no-host.invalid/';
/** Harmless connection parameters (libpq); the value of any other parameter may be a password. */
const SHOWN_PARAMETERS: ReadonlySet<string> = new Set([
  ...['host', 'hostaddr', 'port', 'user', 'dbname', 'application_name', 'connect_timeout', 'sslmode', 'sslrootcert'],
  ...['channel_binding', 'target_session_attrs', 'uselibpqcompat'],
]);

/**
 * undefined if the URL is ambiguous. A `/`, `?` or `#` in a password that is not percent-encoded ends the
 * authority part, so that the rest of the password looks like a path.
 */
export function parseDatabaseUrl(url: string): URL | undefined {
  const parsed = URL.parse(url) ?? URL.parse(url.replace('@/', NO_HOST));
  if (!parsed) return undefined;
  const hasOddEnd = parsed.hash !== '' || `${parsed.pathname}${parsed.search}`.includes('@');
  return hasOddEnd ? undefined : parsed;
}

/** The URL with every password masked, or fully masked if ambiguous. SQLite URLs hold no secrets. */
export function shownDatabaseUrl(url: string): string {
  if (url.startsWith('sqlite:')) return url;
  const parsed = parseDatabaseUrl(url);
  if (!parsed) return `${SCHEME.exec(url)?.[0] ?? ''}${MASK}`;
  const { protocol, username, password, host, pathname } = parsed;
  const userinfo = username === '' && password === '' ? '' : `${username}${password === '' ? '' : `:${MASK}`}@`;
  const parameters = [...parsed.searchParams].map(
    ([name, value]) => `${encodeURIComponent(name)}=${SHOWN_PARAMETERS.has(name) ? value : MASK}`,
  );
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${protocol}//${userinfo}${NO_HOST === `@${host}/` ? '' : host}${pathname}${query}`;
}

/** The secrets as written and as decoded, for redaction in the log. */
export function databaseSecrets(url: string): readonly string[] {
  if (url.startsWith('sqlite:')) return [];
  const parsed = parseDatabaseUrl(url);
  if (!parsed) return [url.replace(/^[a-z]+:\/*/i, ''), ...url.split(/[:@/?#&=]/)].filter((part) => part !== '');
  const values = [...parsed.searchParams].flatMap(([name, value]) => (SHOWN_PARAMETERS.has(name) ? [] : [value]));
  return [parsed.password, decoded(parsed.password), ...values].filter((part) => part !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
