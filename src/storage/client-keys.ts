/** Stores client API keys as hashes. */
import type { Selectable } from 'kysely';
import type { KeyStore, StoredKey } from '../gateway/stored-keys.ts';
import type { Database } from './database.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';

export function createKeyStore(database: Database): KeyStore {
  const { db, clock } = database;
  return {
    changeMark: () => database.changeMark(),
    latestChangeMark: () => database.latestChangeMark(),

    list: () =>
      withRetry(clock, async () => {
        const rows = await db.selectFrom('client_keys').selectAll().orderBy('created_at_ms').orderBy('id').execute();
        return rows.map(toKey);
      }),

    add: (key) =>
      withRetry(clock, async () => {
        const { id, name, prefix, hash, createdAtMs, expiresAtMs } = key;
        const times = { created_at_ms: createdAtMs, expires_at_ms: expiresAtMs ?? null };
        await db
          .insertInto('client_keys')
          .values({ id, name, prefix, hash, ...times, revoked_at_ms: null, last_used_at_ms: null })
          .execute();
      }),

    revoke: (id, nowMs) =>
      withRetry(clock, async () => {
        await db
          .updateTable('client_keys')
          .set({ revoked_at_ms: nowMs })
          .where('id', '=', id)
          .where('revoked_at_ms', 'is', null)
          .execute();
        const row = await db.selectFrom('client_keys').selectAll().where('id', '=', id).executeTakeFirst();
        return row && toKey(row);
      }),

    remove: (id) =>
      withRetry(clock, async () => {
        const { numDeletedRows } = await db.deleteFrom('client_keys').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),

    recordUses: (uses) =>
      withRetry(clock, async () => {
        for (const [id, usedAtMs] of uses) {
          await db
            .updateTable('client_keys')
            .set({ last_used_at_ms: usedAtMs })
            .where('id', '=', id)
            .where((where) => where.or([where('last_used_at_ms', 'is', null), where('last_used_at_ms', '<', usedAtMs)]))
            .execute();
        }
      }),
  };
}

function toKey(row: Selectable<Tables['client_keys']>): StoredKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    hash: row.hash,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    revokedAtMs: row.revoked_at_ms ?? undefined,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
  };
}
