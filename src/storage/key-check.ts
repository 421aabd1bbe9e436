/**
 * One sealed value by which a key is tried before anything else is touched. It changes when the key does, so a process
 * which still holds the old key notices before it writes.
 */
import { type Kysely, PostgresAdapter } from 'kysely';
import { GatewayError } from '../core/errors.ts';
import type { Tables } from './schema.ts';
import type { Seal } from './seal.ts';

const KEY_CHECK_ROW = 'seal-canary';

/** undefined: nothing has been sealed yet. */
export async function readKeyCheck(db: Kysely<Tables>): Promise<Uint8Array | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', KEY_CHECK_ROW).executeTakeFirst();
  return row?.value;
}

/** Leaves one which is there already. */
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

/** Of SQLite only one transaction writes at a time, and one which has read what is no longer so cannot. */
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
    'The secret key is not the one this database was sealed with. Nothing was changed. ' +
      'Put the right DRAGOMAN_SECRET_KEY or key file back (every replica needs the same one), ' +
      'or move the database away and sign in again.',
  );
}

/**
 * Throws `storage_unavailable` when the key was rotated since this process began: what it seals would be lost. Until the
 * transaction ends nobody can rotate it, or, with HOLD_FOR_ROTATING, write anything sealed.
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
    'The secret key was rotated while this process ran. Start it again with the new key.',
  );
}

function newKeyCheck(seal: Seal): Uint8Array {
  return seal.close(`meta/${KEY_CHECK_ROW}`, KEY_CHECK_ROW);
}
