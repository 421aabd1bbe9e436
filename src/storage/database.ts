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
  /** The database belongs to one process and is lost when it exits. */
  readonly isInMemory: boolean;
  /** Processes of several machines may use it. */
  readonly isShared: boolean;
  hasTable(name: string): Promise<boolean>;
  /** Runs once at each start, before the first write, to set up the connection. */
  prepare(): Promise<void>;
  /** Runs `work` in a transaction that only one process can hold at a time. */
  exclusively<T>(work: (connection: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction that does not wait for the disk: a power failure may lose it, but nothing else. */
  withoutSync<T>(work: (connection: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Sets up what only this database needs, within the migration transaction and after the migrations. */
  complete(connection: Kysely<Tables>): Promise<void>;
  /**
   * Locks all of `names` against other processes and replicas while `work` runs. A holder that dies releases them at
   * once. Rejects with `storage_unavailable` if another process holds one for too long.
   */
  lock<T>(names: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Throws if the file was deleted, replaced or overwritten since it was opened, which SQLite does not detect. */
  checkFile(): void;
  /** Changes after another process writes. Local and cheap, but slightly delayed with PostgreSQL. */
  changeMark(): number;
  /** As `changeMark`, but up to date: queries the server. NaN while changes cannot be detected. */
  latestChangeMark(): Promise<number>;
  close(): Promise<void>;
}
