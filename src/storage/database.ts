/**
 * A database, whichever it is: everything that SQLite and PostgreSQL do differently stands behind this interface, and
 * only here is chosen between them. Tables, queries and rules are written once, above it.
 */
import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { parseDatabaseUrl } from '../core/database-url.ts';
import { GatewayError } from '../core/errors.ts';
import type { Tables } from './schema.ts';
import { openSqlite } from './sqlite.ts';

export interface Database {
  readonly db: Kysely<Tables>;
  /** For waiting until a lock is free or the server is back. */
  readonly clock: Clock;
  readonly columns: ColumnTypes;
  /** One process has it, and it ends with it. */
  readonly isInMemory: boolean;
  hasTable(name: string): Promise<boolean>;
  /** Once at each start, before the first write: what must hold for every later one. */
  prepare(): Promise<void>;
  /** Runs in one transaction which no second process can have at the same time. */
  exclusively<T>(work: (connection: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Within the transaction of the migrations, after them: what only this database needs. */
  complete(connection: Kysely<Tables>): Promise<void>;
  /**
   * Holds all of `names` against every other process and replica while `work` runs. A holder which dies lets go at
   * once. Rejects with `storage_unavailable` when somebody else keeps one for too long.
   */
  lock<T>(names: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Throws when the file was deleted, replaced or overwritten since it was opened: SQLite itself does not notice. */
  checkFile(): void;
  /** Changes when another process has written; local and cheap, but a moment late with PostgreSQL. */
  changeMark(): number;
  /** The same as of now: asks the server. NaN while changes cannot be noticed. */
  latestChangeMark(): Promise<number>;
  close(): Promise<void>;
}

/** How wide a column is: milliseconds need more than 32 bits. */
export interface ColumnTypes {
  readonly bytes: 'blob' | 'bytea';
  readonly integer: 'integer' | 'bigint';
}

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
      'The database must be `sqlite:` and a path, `sqlite::memory:`, or `postgres://` and a server.',
    );
  }
  return openSqlite(path, clock);
}

function unreadable(): GatewayError {
  return new GatewayError(
    'storage_unavailable',
    'The database URL cannot be read. It looks like postgres://USER:PASSWORD@HOST:PORT/DATABASE, with the special ' +
      'characters of the password percent-encoded: / is %2F, ? is %3F, # is %23, @ is %40.',
  );
}
