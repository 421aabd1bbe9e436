/**
 * One sealed value by which a key is tried before anything else is touched. It changes when the key does, so a process
 * which still holds the old key notices before it writes.
 */
import { type Kysely, PostgresAdapter } from 'kysely';
import { GatewayError } from '../core/errors.ts';
import type { Tables } from './schema.ts';
import type { Seal } from './seal.ts';

const CANARY = 'seal-canary';

/** undefined: nothing has been sealed yet. */
export async function readCanary(db: Kysely<Tables>): Promise<Uint8Array | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', CANARY).executeTakeFirst();
  return row?.value;
}

/** Leaves one which is there already. */
export async function putCanary(db: Kysely<Tables>, seal: Seal): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key: CANARY, value: newCanary(seal) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function replaceCanary(db: Kysely<Tables>, seal: Seal): Promise<void> {
  await db
    .updateTable('meta')
    .set({ value: newCanary(seal) })
    .where('key', '=', CANARY)
    .execute();
}

export function opensCanary(seal: Seal, canary: Uint8Array): boolean {
  try {
    seal.open(`meta/${CANARY}`, canary);
    return true;
  } catch {
    return false;
  }
}

export const HOLD_FOR_ROTATING = 'for update';
const HOLD_FOR_WRITING = 'for share';
type Hold = typeof HOLD_FOR_ROTATING | typeof HOLD_FOR_WRITING;

/** Of SQLite only one transaction writes at a time, and one which has read what is no longer so cannot. */
async function holdCanary(transaction: Kysely<Tables>, hold: Hold): Promise<Uint8Array | undefined> {
  if (!(transaction.getExecutor().adapter instanceof PostgresAdapter)) return readCanary(transaction);
  const query = transaction.selectFrom('meta').select('value').where('key', '=', CANARY);
  const row = await (hold === HOLD_FOR_ROTATING ? query.forUpdate() : query.forShare()).executeTakeFirst();
  return row?.value;
}

/** Throws `storage_unavailable`. */
export function checkCanary(seal: Seal, canary: Uint8Array): void {
  if (opensCanary(seal, canary)) return;
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
  const canary = await holdCanary(transaction, hold);
  if (canary && opensCanary(seal, canary)) return;
  throw new GatewayError(
    'storage_unavailable',
    'The secret key was rotated while this process ran. Start it again with the new key.',
  );
}

function newCanary(seal: Seal): Uint8Array {
  return seal.close(`meta/${CANARY}`, CANARY);
}
