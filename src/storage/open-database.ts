/** Chooses the database by its URL. */
import type { Clock } from '../core/clock.ts';
import { parseDatabaseUrl } from '../core/database-url.ts';
import { GatewayError } from '../core/errors.ts';
import type { Database } from './database.ts';
import { openSqlite } from './sqlite.ts';

/** `sqlite:path`, `sqlite::memory:` or `postgres://…`. Throws `storage_unavailable` with what to do about it. */
export async function openDatabase(url: string, clock: Clock): Promise<Database> {
  if (/^postgres(?:ql)?:\/\//.test(url)) {
    if (!parseDatabaseUrl(url)) throw unreadable();
    const { openPostgres } = await import('./postgres.ts');
    return openPostgres(url, clock);
  }
  const [, path] = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url) ?? [];
  if (path === undefined) {
    throw new GatewayError(
      'storage_unavailable',
      'The database URL must be `sqlite:` and a path, `sqlite::memory:`, or `postgres://` and a server. Check DRAGOMAN_DATABASE_URL.',
    );
  }
  return openSqlite(path, clock);
}

function unreadable(): GatewayError {
  return new GatewayError(
    'storage_unavailable',
    'Could not parse the database URL. Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special ' +
      'characters in the password percent-encoded: / is %2F, ? is %3F, # is %23, @ is %40.',
  );
}
