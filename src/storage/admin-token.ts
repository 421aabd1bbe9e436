/** Stores the hash of the generated admin token. */
import type { AdminTokenStore } from '../gateway/stored-keys.ts';
import type { Database } from './database.ts';
import { withRetry } from './retry.ts';

const ADMIN_TOKEN = 'admin-token-sha256';

export function createAdminTokenStore({ db, clock }: Database): AdminTokenStore {
  const find = async (): Promise<Uint8Array | undefined> => {
    const row = await db.selectFrom('meta').select('value').where('key', '=', ADMIN_TOKEN).executeTakeFirst();
    return row?.value;
  };
  return {
    find: () => withRetry(clock, find),
    putIfAbsent: (hash) =>
      withRetry(clock, async () => {
        await db
          .insertInto('meta')
          .values({ key: ADMIN_TOKEN, value: hash })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        return (await find()) ?? hash;
      }),
    replace: (hash) =>
      withRetry(clock, async () => {
        await db
          .insertInto('meta')
          .values({ key: ADMIN_TOKEN, value: hash })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: hash }))
          .execute();
      }),
  };
}
