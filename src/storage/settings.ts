/** Stores settings that were changed at run time. Sealed, since some are secrets. */
import type { SettingStore } from '../gateway/setting-store.ts';
import type { Database } from './database.ts';
import { checkStillOurs } from './key-check.ts';
import { withRetry } from './retry.ts';
import type { Seal } from './seal.ts';

export function createSettingStore(database: Database, seal: Seal): SettingStore {
  const { db, clock } = database;
  return {
    changeMark: () => database.changeMark(),
    latestChangeMark: () => database.latestChangeMark(),

    list: () =>
      withRetry(clock, async () => {
        const rows = await db.selectFrom('settings').select(['id', 'sealed']).orderBy('id').execute();
        return new Map(rows.map(({ id, sealed }) => [id, seal.open(placeOfSetting(id), sealed)]));
      }),

    save: (changes, nowMs) =>
      withRetry(clock, () =>
        db.transaction().execute(async (transaction) => {
          await checkStillOurs(transaction, seal);
          for (const [id, value] of changes) {
            await transaction.deleteFrom('settings').where('id', '=', id).execute();
            if (value === undefined) continue;
            const sealed = seal.close(placeOfSetting(id), value);
            await transaction.insertInto('settings').values({ id, sealed, updated_at_ms: nowMs }).execute();
          }
        }),
      ),
  };
}

export function placeOfSetting(id: string): string {
  return `settings/${id}`;
}
