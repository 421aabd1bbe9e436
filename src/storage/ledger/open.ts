/**
 * Opens the ledger's tables. On SQLite they have a file of their own beside the database: its many small commits would
 * otherwise look like changes of accounts and keys to every process, and each would wait for the disk.
 */
import { join, parse } from 'node:path';
import { type Kysely, sql } from 'kysely';
import type { LedgerLimits, LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import type { Database } from '../database.ts';
import { checkStillOurs, opensKeyCheck, readKeyCheck } from '../key-check.ts';
import { withRetry } from '../retry.ts';
import type { Tables } from '../schema.ts';
import type { Seal } from '../seal.ts';
import { openSqlite } from '../sqlite.ts';
import { DatabaseLedgerStore } from './store.ts';
import type { LedgerTables } from './tables.ts';

export interface OpenLedgerOptions {
  readonly database: Database;
  /** Of the database file, or `:memory:`; undefined: PostgreSQL. */
  readonly path: string | undefined;
  readonly home: string;
  readonly seal: Seal;
  readonly limits: LedgerLimits;
}

/** Rejects with `storage_unavailable`. */
export async function openLedgerStore({ database, path, home, seal, limits }: OpenLedgerOptions): Promise<LedgerStore> {
  const { clock } = database;
  const folder = database.isInMemory ? undefined : join(home, 'ledger-writers');
  if (path === undefined) {
    const isKeyCurrent = (transaction: Kysely<LedgerTables>) =>
      checkStillOurs(transaction.withTables<{ [Name in keyof Tables]: Tables[Name] }>(), seal).then(
        () => true,
        () => false,
      );
    return DatabaseLedgerStore.open(database, { seal, limits, isKeyCurrent, folder, close: async () => {} });
  }
  const isKeyCurrent = async () => {
    const keyCheck = await readKeyCheck(database.db);
    return keyCheck !== undefined && opensKeyCheck(seal, keyCheck);
  };
  const own = openSqlite(ledgerPath(path), clock);
  try {
    await withRetry(clock, async () => {
      await own.prepare();
      // A power failure may lose the newest rows, but cannot damage the file: https://www.sqlite.org/pragma.html#pragma_synchronous
      await sql`pragma synchronous = normal`.execute(own.db);
      // Writes the pages that change all the time back to the file less often: after 16 MB instead of 4.
      await sql`pragma wal_autocheckpoint = 4000`.execute(own.db);
    });
    return await DatabaseLedgerStore.open(own, { seal, limits, isKeyCurrent, folder, close: () => own.close() });
  } catch (cause) {
    await own.close();
    throw cause;
  }
}

/** `dragoman.db` → `dragoman-ledger.db` */
export function ledgerPath(path: string): string {
  if (path === ':memory:') return path;
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-ledger${ext}`);
}
