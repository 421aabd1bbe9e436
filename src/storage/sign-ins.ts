/** Stores pending sign-ins, sealed in one column because they include codes and tokens. */
import type { SignInStore, StoredSignIn } from '../accounts/sign-in/pending.ts';
import type { Database } from './database.ts';
import { checkStillOurs } from './key-check.ts';
import { withRetry } from './retry.ts';
import type { Seal } from './seal.ts';

export function createSignInStore(database: Database, seal: Seal): SignInStore {
  const { db, clock } = database;
  return {
    exclusively: (id, work) => database.lock([`sign-in ${id}`], work),

    find: (id) =>
      withRetry(clock, async () => {
        const row = await db.selectFrom('sign_ins').select('sealed').where('id', '=', id).executeTakeFirst();
        // Only `put` writes this, as the seal proves.
        return row && (JSON.parse(seal.open(placeOfSignIn(id), row.sealed)) as StoredSignIn);
      }),

    put: (signIn, nowMs) =>
      withRetry(clock, async () => {
        const { id, expiresAtMs } = signIn;
        const changed = {
          sealed: seal.close(placeOfSignIn(id), JSON.stringify(signIn)),
          expires_at_ms: expiresAtMs,
          updated_at_ms: nowMs,
        };
        await db.transaction().execute(async (transaction) => {
          await checkStillOurs(transaction, seal);
          await transaction
            .insertInto('sign_ins')
            .values({ id, ...changed })
            .onConflict((conflict) => conflict.column('id').doUpdateSet(changed))
            .execute();
        });
      }),

    removeExpired: (beforeMs) =>
      withRetry(clock, async () => {
        await db.deleteFrom('sign_ins').where('expires_at_ms', '<', beforeMs).execute();
      }),
  };
}

export function placeOfSignIn(id: string): string {
  return `sign_ins/${id}`;
}
