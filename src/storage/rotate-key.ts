/**
 * Rotates the secret key: opens everything sealed with the old key and seals it with the new one, in one transaction,
 * while no process can refresh. A process killed midway leaves either the old state or one that the next start
 * completes.
 */
import { existsSync } from 'node:fs';
import { type Kysely, sql } from 'kysely';
import { placeOfAccount, refreshLock } from './accounts.ts';
import type { Database } from './database.ts';
import { checkStillOurs, HOLD_FOR_ROTATING, replaceKeyCheck } from './key-check.ts';
import { ledgerPath } from './ledger/open.ts';
import type { LedgerTables } from './ledger/tables.ts';
import { resealTexts } from './ledger/texts.ts';
import { placeOfRegistration } from './registrations.ts';
import { placeOfResponse } from './responses.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';
import { createSeal, type Seal } from './seal.ts';
import { adoptNextKey, keyFromSetting, makeNextKey } from './secret-key.ts';
import { placeOfSetting } from './settings.ts';
import { placeOfSignIn } from './sign-ins.ts';

export interface RotatedKey {
  readonly accounts: number;
}

export interface KeyHolder {
  readonly database: Database;
  readonly seal: Seal;
  readonly home: string;
  /** Of the database file; undefined: PostgreSQL. */
  readonly path: string | undefined;
  /** True if the current key is a file, not a setting. */
  readonly hasKeyFile: boolean;
}

/** Every table with a sealed column; a new one does not compile until it is added to `PLACES`. */
type Sealed = { [Table in keyof Tables]: 'sealed' extends keyof Tables[Table] ? Table : never }[keyof Tables];
type SealedBeside = Exclude<Sealed, 'accounts'>;

const PLACES: Record<SealedBeside, (id: string) => string> = {
  client_registrations: placeOfRegistration,
  sign_ins: placeOfSignIn,
  responses: placeOfResponse,
  settings: placeOfSetting,
};

/** `newKey`: a value for DRAGOMAN_SECRET_KEY, or undefined for a new key file. Rejects with `storage_unavailable`, without changes. */
export async function rotateKey(holder: KeyHolder, newKey: string | undefined): Promise<RotatedKey> {
  const { database, seal, home, path, hasKeyFile } = holder;
  const next = createSeal(newKey === undefined ? makeNextKey(home) : keyFromSetting(newKey));
  const ids = await withRetry(database.clock, () => database.db.selectFrom('accounts').select('id').execute());
  const reseal = await findTexts(database, path);
  const rotated = await database.lock(
    ids.map(({ id }) => refreshLock(id)),
    () =>
      withRetry(database.clock, () =>
        database.exclusively(async (connection) => {
          await checkStillOurs(connection, seal, HOLD_FOR_ROTATING);
          const accounts = await resealAccounts(connection, seal, next);
          for (const [table, placeOf] of typedEntries(PLACES))
            await resealBeside(connection, table, placeOf, seal, next);
          await reseal(connection, seal, next);
          await replaceKeyCheck(connection, next);
          return { accounts };
        }),
      ),
  );
  if (hasKeyFile && newKey === undefined) adoptNextKey(home);
  return rotated;
}

type ResealTexts = (connection: Kysely<Tables>, old: Seal, next: Seal) => Promise<void>;

/**
 * The texts of the ledger, if it has any. SQLite's is a file of its own, attached so that one transaction changes both. A
 * power failure within the commit may leave its texts under the old key, and thus unreadable; nothing else depends on them.
 */
async function findTexts(database: Database, path: string | undefined): Promise<ResealTexts> {
  if (path === undefined) {
    if (!(await database.hasTable('ledger_requests'))) return async () => {};
    return (connection, old, next) => resealTexts(connection.withTables<LedgerTables>(), old, next);
  }
  const file = ledgerPath(path);
  if (!existsSync(file)) return async () => {};
  await sql`attach database ${file} as ledger`.execute(database.db);
  const { rows } = await sql`select 1 from ledger.sqlite_master where name = 'ledger_requests'`.execute(database.db);
  if (rows.length === 0) return async () => {};
  return (connection, old, next) => resealTexts(connection.withTables<LedgerTables>().withSchema('ledger'), old, next);
}

/** Increments the versions, so that a process that read an account under the old key cannot write it back. */
async function resealAccounts(db: Kysely<Tables>, old: Seal, next: Seal): Promise<number> {
  const rows = await db.selectFrom('accounts').select(['id', 'sealed', 'version']).execute();
  for (const { id, sealed, version } of rows) {
    const place = placeOfAccount(id);
    const changed = { sealed: next.close(place, old.open(place, sealed)), version: version + 1 };
    await db.updateTable('accounts').set(changed).where('id', '=', id).execute();
  }
  return rows.length;
}

function typedEntries<Key extends string, Value>(record: Record<Key, Value>): [Key, Value][] {
  return Object.entries(record) as [Key, Value][]; // Keys of a constant, so the cast is exact.
}

async function resealBeside(
  db: Kysely<Tables>,
  table: SealedBeside,
  placeOf: (id: string) => string,
  old: Seal,
  next: Seal,
): Promise<void> {
  const rows = await db.selectFrom(table).select(['id', 'sealed']).execute();
  for (const { id, sealed } of rows) {
    const place = placeOf(id);
    const changed = { sealed: next.close(place, old.open(place, sealed)) };
    await db.updateTable(table).set(changed).where('id', '=', id).execute();
  }
}
