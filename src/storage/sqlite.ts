/** SQLite through Node's built-in engine: one file, shared by processes on one machine. */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement, sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import { KeyedSemaphore } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Database } from './database.ts';
import { withFileLocks } from './file-lock.ts';
import { unavailable } from './retry.ts';
import type { Tables } from './schema.ts';
import { inTransaction } from './transaction.ts';

/** Waiting for a lock blocks the event loop, so SQLite waits only briefly; retry.ts handles longer waits. */
const BUSY_TIMEOUT_MS = 5;
/** Far more than the number of distinct queries. */
const MAX_STATEMENTS = 200;

/** Throws `storage_unavailable`. Creates the file with mode 0600; its directory must exist. */
export function openSqlite(path: string, clock: Clock): Database {
  const isInMemory = path === ':memory:';
  const database = openFile(path, isInMemory);
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new NodeSqliteDatabase(database) }) });
  const locks = new KeyedSemaphore(1);
  const identity = isInMemory ? undefined : identityOf(path);
  const changes = database.prepare('pragma data_version');
  // SQLite counts the commits of other connections.
  const changeMark = () => Number(changes.get()?.data_version ?? 0);
  return {
    db,
    clock,
    isInMemory,
    isShared: false,
    columns: { bytes: 'blob', integer: 'integer' },
    hasTable: async (name) =>
      database.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(name) !== undefined,
    async prepare() {
      database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;');
    },
    exclusively: (work) => inTransaction(db, sql`begin immediate`, work),
    // The event loop waits for the disk, too. https://www.sqlite.org/pragma.html#pragma_synchronous
    withoutSync: (work) =>
      db.connection().execute(async (connection) => {
        await sql`pragma synchronous = normal`.execute(connection);
        try {
          return await inTransaction(connection, sql`begin immediate`, work);
        } finally {
          await sql`pragma synchronous = full`.execute(connection);
        }
      }),
    complete: async () => {},
    lock: async (names, work) =>
      isInMemory ? withAll(locks, names, work) : withFileLocks(clock, lockPaths(path, names), work),
    checkFile() {
      if (identity !== undefined) checkFile(path, identity);
    },
    changeMark,
    latestChangeMark: async () => changeMark(),
    async close() {
      // Kysely closes only what it has used.
      await db.destroy();
      if (database.isOpen) database.close();
    },
  };
}

function openFile(path: string, isInMemory: boolean): DatabaseSync {
  try {
    if (!isInMemory) createPrivately(path);
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('storage_unavailable', `Could not open the database ${path}: ${why}.`, { cause });
  }
}

/** SQLite gives its side files the mode of the main file. */
function createPrivately(path: string): void {
  if (existsSync(path)) return;
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev} ${ino}`;
}

const HEADER = Buffer.from('SQLite format 3\0', 'latin1');

/** SQLite keeps writing to an open file after it is unlinked, and reads its pages from the cache. */
function checkFile(path: string, identity: string): void {
  const header = Buffer.alloc(HEADER.length);
  try {
    if (identityOf(path) !== identity) throw moved(path);
    const file = openSync(path, 'r');
    try {
      readSync(file, header, 0, header.length, 0);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') throw moved(path);
    throw cause;
  }
  if (header.equals(HEADER)) return;
  const why = `The database ${path} is damaged: its file header is not that of SQLite. Restore a backup.`;
  throw new GatewayError('storage_unavailable', why);
}

function moved(path: string): GatewayError {
  const why = `The database ${path} was deleted or replaced while dragoman was running. Restore it and restart dragoman.`;
  return new GatewayError('storage_unavailable', why);
}

/** Throws `storage_unavailable`. */
function lockPaths(path: string, names: readonly string[]): string[] {
  try {
    return names.map((name) => lockPath(path, name));
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** An in-memory database needs only locks within this process. Sorted, so that two callers cannot deadlock. */
function withAll<T>(locks: KeyedSemaphore, names: readonly string[], work: () => Promise<T>): Promise<T> {
  const outwards = [...new Set(names)].toSorted().toReversed();
  const locked = outwards.reduce((inner, name) => () => locks.run(name, inner), work);
  return locked();
}

/** One small file per lock, beside the database. It is never deleted, because that would race. */
function lockPath(path: string, name: string): string {
  const file = `${path}.locks/${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  createPrivately(file);
  return file;
}

class NodeSqliteDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new LRUCache<string, NodeSqliteStatement>({ max: MAX_STATEMENTS });

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): NodeSqliteStatement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = new NodeSqliteStatement(this.#database.prepare(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }
}

class NodeSqliteStatement implements SqliteStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...toValues(parameters));
  }

  run(parameters: readonly unknown[]) {
    return this.#statement.run(...toValues(parameters));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...toValues(parameters));
  }
}

/** The tables hold text, integers and blobs; SQLite rejects anything else. */
function toValues(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[]; // Kysely's interface is wider than the table types.
}
