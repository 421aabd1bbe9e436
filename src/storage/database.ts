/**
 * What SQLite and PostgreSQL do differently. Tables, queries and rules are written once, above this interface;
 * open-database.ts chooses between the two.
 */
import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { ColumnTypes, Tables } from './schema.ts';

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
