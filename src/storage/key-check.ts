/**
 * A sealed value that verifies the key before anything else is read or written. It changes with the key, so a process
 * that still has the old key notices before it writes.
 */
import { type Kysely, PostgresAdapter } from 'kysely';
import { GatewayError } from '../core/errors.ts';
import type { Tables } from './schema.ts';
import type { Seal } from './seal.ts';

export const KEY_CHECK_ROW = 'seal-canary';

/** undefined if nothing has been sealed yet. */
export async function readKeyCheck(db: Kysely<Tables>): Promise<Uint8Array | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', KEY_CHECK_ROW).executeTakeFirst();
  return row?.value;
}

/** Keeps an existing value. */
export async function putKeyCheck(db: Kysely<Tables>, seal: Seal): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key: KEY_CHECK_ROW, value: newKeyCheck(seal) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function replaceKeyCheck(db: Kysely<Tables>, seal: Seal): Promise<void> {
  await db
    .updateTable('meta')
    .set({ value: newKeyCheck(seal) })
    .where('key', '=', KEY_CHECK_ROW)
    .execute();
}

export function opensKeyCheck(seal: Seal, keyCheck: Uint8Array): boolean {
  try {
    seal.open(`meta/${KEY_CHECK_ROW}`, keyCheck);
    return true;
  } catch {
    return false;
  }
}

export const HOLD_FOR_ROTATING = 'for update';
const HOLD_FOR_WRITING = 'for share';
type Hold = typeof HOLD_FOR_ROTATING | typeof HOLD_FOR_WRITING;

/** SQLite needs no row lock: only one transaction writes at a time, and one with a stale read cannot. */
async function holdKeyCheck(transaction: Kysely<Tables>, hold: Hold): Promise<Uint8Array | undefined> {
  if (!(transaction.getExecutor().adapter instanceof PostgresAdapter)) return readKeyCheck(transaction);
  const query = transaction.selectFrom('meta').select('value').where('key', '=', KEY_CHECK_ROW);
  const row = await (hold === HOLD_FOR_ROTATING ? query.forUpdate() : query.forShare()).executeTakeFirst();
  return row?.value;
}

/** Throws `storage_unavailable`. */
export function verifyKeyCheck(seal: Seal, keyCheck: Uint8Array): void {
  if (opensKeyCheck(seal, keyCheck)) return;
  throw new GatewayError(
    'storage_unavailable',
    'The secret key does not match this database. Nothing was changed. ' +
      'Restore the right DRAGOMAN_SECRET_KEY or key file (every replica needs the same one), ' +
      'or move the database away and sign in again.',
  );
}

/**
 * Throws `storage_unavailable` if the key was rotated since this process started: whatever it seals would be lost. Until
 * the transaction ends, no process can rotate the key or, with HOLD_FOR_ROTATING, write anything sealed.
 */
export async function checkStillOurs(
  transaction: Kysely<Tables>,
  seal: Seal,
  hold: Hold = HOLD_FOR_WRITING,
): Promise<void> {
  const keyCheck = await holdKeyCheck(transaction, hold);
  if (keyCheck && opensKeyCheck(seal, keyCheck)) return;
  throw new GatewayError(
    'storage_unavailable',
    'The secret key was rotated while this process was running. Restart it with the new key.',
  );
}

function newKeyCheck(seal: Seal): Uint8Array {
  return seal.close(`meta/${KEY_CHECK_ROW}`, KEY_CHECK_ROW);
}
