/** Kysely's SQLite dialect over the database that Node brings with it. */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { GatewayError } from '../core/errors.ts';

/** Waiting for a lock blocks the event loop, so SQLite itself waits for moments only; `patience.ts` does the rest. */
const BUSY_TIMEOUT_MS = 50;
/** Queries are built from few shapes; this is far above their number. */
const MAX_STATEMENTS = 200;

/** `sqlite:path`, `sqlite:///path` or `sqlite::memory:`. Throws `storage_unavailable` with what to do about it. */
export function openSqlite(url: string): DatabaseSync {
  const path = sqlitePath(url);
  try {
    if (path !== ':memory:') createPrivately(path);
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('storage_unavailable', `The database ${path} cannot be opened: ${why}.`, { cause });
  }
}

export function isInMemory(url: string): boolean {
  return sqlitePath(url) === ':memory:';
}

export function sqlitePath(url: string): string {
  if (/^postgres(ql)?:/.test(url)) {
    throw new GatewayError(
      'storage_unavailable',
      'PostgreSQL is not supported yet in this version. Use `sqlite:` and a path.',
    );
  }
  const [, path] = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url) ?? [];
  if (path === undefined) {
    throw new GatewayError('storage_unavailable', 'The database must be `sqlite:` and a path, or `sqlite::memory:`.');
  }
  return path;
}

/** SQLite gives its side files the mode of the main one. */
function createPrivately(path: string): void {
  if (existsSync(path)) return;
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

export class NodeSqliteDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, NodeSqliteStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): NodeSqliteStatement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
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

/** Our tables hold text, integers and blobs; SQLite itself refuses anything else. */
function toValues(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[]; // Kysely's interface is wider than what our table types let through
}
