/** Stores console sessions and one-time tickets as hashes. */
import type { Kysely } from 'kysely';
import type { SessionStore, SignedInBy, TicketStore } from '../gateway/admin-access/ports.ts';
import type { Database } from './database.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';

export function createSessionStore({ db, clock }: Database): SessionStore {
  return {
    find: (id) =>
      withRetry(clock, async () => {
        const row = await db.selectFrom('admin_sessions').selectAll().where('id', '=', id).executeTakeFirst();
        if (!row) return undefined;
        const { hash, signed_in_by, created_at_ms: createdAtMs, used_at_ms: usedAtMs } = row;
        // Only `add` writes the column.
        return { id, hash, signedInBy: signed_in_by as SignedInBy, createdAtMs, usedAtMs };
      }),

    add: ({ id, hash, signedInBy, createdAtMs, usedAtMs }, unusedSinceMs, max) =>
      withRetry(clock, () =>
        db.transaction().execute(async (transaction) => {
          await transaction.deleteFrom('admin_sessions').where('used_at_ms', '<', unusedSinceMs).execute();
          await removeOldest(transaction, 'admin_sessions', 'used_at_ms', max - 1);
          const times = { created_at_ms: createdAtMs, used_at_ms: usedAtMs };
          await transaction
            .insertInto('admin_sessions')
            .values({ id, hash, signed_in_by: signedInBy, ...times })
            .execute();
        }),
      ),

    recordUse: (id, usedAtMs) =>
      withRetry(clock, async () => {
        await db
          .updateTable('admin_sessions')
          .set({ used_at_ms: usedAtMs })
          .where('id', '=', id)
          .where('used_at_ms', '<', usedAtMs)
          .execute();
      }),

    remove: (id) =>
      withRetry(clock, async () => {
        const { numDeletedRows } = await db.deleteFrom('admin_sessions').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),

    removeAll: () =>
      withRetry(clock, async () => {
        const { numDeletedRows } = await db.deleteFrom('admin_sessions').executeTakeFirst();
        return Number(numDeletedRows);
      }),
  };
}

export function createTicketStore({ db, clock }: Database): TicketStore {
  return {
    find: (id) =>
      withRetry(clock, async () => {
        const row = await db.selectFrom('admin_tickets').selectAll().where('id', '=', id).executeTakeFirst();
        return row && { id, hash: row.hash, expiresAtMs: row.expires_at_ms };
      }),

    add: ({ id, hash, expiresAtMs }, nowMs, max) =>
      withRetry(clock, () =>
        db.transaction().execute(async (transaction) => {
          await transaction.deleteFrom('admin_tickets').where('expires_at_ms', '<', nowMs).execute();
          await removeOldest(transaction, 'admin_tickets', 'expires_at_ms', max - 1);
          await transaction.insertInto('admin_tickets').values({ id, hash, expires_at_ms: expiresAtMs }).execute();
        }),
      ),

    remove: (id) =>
      withRetry(clock, async () => {
        const { numDeletedRows } = await db.deleteFrom('admin_tickets').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),

    removeAll: () =>
      withRetry(clock, async () => {
        await db.deleteFrom('admin_tickets').execute();
      }),
  };
}

/** Keeps the `max` rows with the latest times. */
async function removeOldest(
  db: Kysely<Tables>,
  table: 'admin_sessions' | 'admin_tickets',
  time: 'used_at_ms' | 'expires_at_ms',
  max: number,
): Promise<void> {
  const { ref } = db.dynamic;
  const rows = await db.selectFrom(table).select('id').orderBy(ref(time), 'desc').orderBy('id').execute();
  const excess = rows.slice(max).map(({ id }) => id);
  if (excess.length > 0) await db.deleteFrom(table).where('id', 'in', excess).execute();
}
