/** Opens the store: the key is tried on what is there before anything is changed, then the schema is brought up. */

import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { AccountStore, RegistrationStore } from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import { createAccountStore } from './accounts.ts';
import { patiently } from './patience.ts';
import { createRegistrationStore } from './registrations.ts';
import { migrate, type Tables } from './schema.ts';
import { createSeal, KEY_BYTES, type Seal } from './seal.ts';
import { keyFromSetting, makeHome, makeKeyFile, readKeyFile, SECRET_KEY_FILE } from './secret-key.ts';
import { isInMemory, NodeSqliteDatabase, openSqlite, sqlitePath } from './sqlite.ts';

export interface Store {
  readonly accounts: AccountStore;
  readonly registrations: RegistrationStore;
  /** Resolves when the database answers, else rejects with `storage_unavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** `sqlite:path` or `sqlite::memory:`. */
  readonly url: string;
  /** Where a generated secret key lies. */
  readonly home: string;
  readonly secretKey: string | undefined;
  readonly nowMs: number;
}

const CANARY = 'seal-canary';

/** Throws `storage_unavailable`, saying what to do; a database sealed with another key is left as it was. */
export async function openStore({ url, home, secretKey, nowMs }: StoreOptions): Promise<Store> {
  const inMemory = isInMemory(url);
  if (!inMemory && dirname(sqlitePath(url)) === home) makeHome(home);
  const database = openSqlite(url);
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new NodeSqliteDatabase(database) }) });
  try {
    const canary = await patiently(async () => readCanary(database));
    const seal = createSeal(chooseKey(secretKey, home, inMemory, canary !== undefined));
    if (canary) checkCanary(seal, canary);
    await patiently(async () => {
      database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;');
      await migrate(db, nowMs);
      const value = seal.close(`meta/${CANARY}`, CANARY);
      await db
        .insertInto('meta')
        .values({ key: CANARY, value })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
    // Of two processes which found an empty database, one has written its canary: the other's key may differ.
    const written = readCanary(database);
    if (written) checkCanary(seal, written);
    return {
      accounts: createAccountStore(db, seal, changeMarkOf(database)),
      registrations: createRegistrationStore(db, seal),
      ping: () => patiently(async () => void (await db.selectFrom('meta').select('key').limit(1).execute())),
      close: () => closeDatabase(db, database),
    };
  } catch (cause) {
    await closeDatabase(db, database);
    throw cause;
  }
}

/** Kysely closes only what it has begun to use. */
async function closeDatabase(db: Kysely<Tables>, database: DatabaseSync): Promise<void> {
  await db.destroy();
  if (database.isOpen) database.close();
}

function chooseKey(secretKey: string | undefined, home: string, inMemory: boolean, isSealed: boolean): Uint8Array {
  if (secretKey !== undefined) return keyFromSetting(secretKey);
  if (inMemory) return randomBytes(KEY_BYTES);
  const key = readKeyFile(home);
  if (key) return key;
  if (!isSealed) return makeKeyFile(home);
  throw new GatewayError(
    'storage_unavailable',
    `The database is sealed, and its key is missing: no DRAGOMAN_SECRET_KEY is set and ${home} has no ${SECRET_KEY_FILE}. ` +
      'Put the key back, or move the database away and sign in again.',
  );
}

function readCanary(database: DatabaseSync): Uint8Array | undefined {
  const table = database.prepare("select 1 from sqlite_master where type = 'table' and name = 'meta'").get();
  if (!table) return undefined;
  const value = database.prepare('select value from meta where key = ?').get(CANARY)?.value;
  return value instanceof Uint8Array ? value : undefined;
}

function checkCanary(seal: Seal, canary: Uint8Array): void {
  try {
    seal.open(`meta/${CANARY}`, canary);
  } catch (cause) {
    throw new GatewayError(
      'storage_unavailable',
      'The secret key is not the one this database was sealed with. Nothing was changed. ' +
        'Put the right DRAGOMAN_SECRET_KEY or key file back, or move the database away and sign in again.',
      { cause },
    );
  }
}

/** SQLite counts the commits of other connections. */
function changeMarkOf(database: DatabaseSync): () => number {
  const statement = database.prepare('pragma data_version');
  return () => Number(statement.get()?.data_version ?? 0);
}
