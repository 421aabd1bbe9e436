/**
 * Stored responses. They are people's conversations, so all of each is sealed but what is needed to find it and to
 * forget it in time.
 */
import type { Kysely } from 'kysely';
import type { ResponseLimits, ResponseStore, StoredResponse } from '../gateway/response-store.ts';
import type { Database } from './database.ts';
import { checkStillOurs } from './key-check.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';
import type { Seal } from './seal.ts';

type Sealed = Omit<StoredResponse, 'id' | 'state' | 'aliveUntilMs'>;

export function createResponseStore({ db, clock }: Database, seal: Seal, limits: ResponseLimits): ResponseStore {
  return {
    find: (client, id, nowMs) =>
      withRetry(clock, async () => {
        const row = await db
          .selectFrom('responses')
          .selectAll()
          .where('id', '=', id)
          .where('client', '=', client)
          .where('used_at_ms', '>=', nowMs - limits.ageMs)
          .executeTakeFirst();
        if (!row) return undefined;
        if (row.used_at_ms <= nowMs - limits.ageMs * FRESH) await touch(db, id, nowMs);
        // Written by `put` alone, which the seal proves; so was the state.
        const sealed = JSON.parse(seal.open(placeOfResponse(id), row.sealed)) as Sealed;
        const { state, alive_until_ms: aliveUntilMs } = row;
        return { ...sealed, id, state: state as StoredResponse['state'], aliveUntilMs };
      }),

    put: (client, stored, nowMs) =>
      withRetry(clock, async () => {
        const { id } = stored;
        const changed = rowOf(stored, seal, nowMs);
        await db.transaction().execute(async (transaction) => {
          await checkStillOurs(transaction, seal);
          await transaction
            .insertInto('responses')
            .values({ id, client, ...changed })
            .onConflict((conflict) => conflict.column('id').doUpdateSet(changed).where('responses.client', '=', client))
            .execute();
          await forget(transaction, client, nowMs, limits);
        });
      }),

    end: (client, stored, nowMs) =>
      withRetry(clock, async () => {
        const changed = rowOf(stored, seal, nowMs);
        return db.transaction().execute(async (transaction) => {
          await checkStillOurs(transaction, seal);
          const { numUpdatedRows } = await transaction
            .updateTable('responses')
            .set(changed)
            .where('id', '=', stored.id)
            .where('client', '=', client)
            .where('state', '=', 'running')
            .executeTakeFirst();
          await forget(transaction, client, nowMs, limits);
          return numUpdatedRows > 0n;
        });
      }),

    remove: (client, id) =>
      withRetry(clock, async () => {
        const { numDeletedRows } = await db
          .deleteFrom('responses')
          .where('id', '=', id)
          .where('client', '=', client)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),

    keepAlive: (client, id, untilMs) =>
      withRetry(clock, async () => {
        const { numUpdatedRows } = await db
          .updateTable('responses')
          .set({ alive_until_ms: untilMs })
          .where('id', '=', id)
          .where('client', '=', client)
          .where('state', '=', 'running')
          .executeTakeFirst();
        return numUpdatedRows > 0n ? 'running' : 'stopped';
      }),
  };
}

function rowOf({ id, state, aliveUntilMs, ...rest }: StoredResponse, seal: Seal, nowMs: number) {
  const sealed = seal.close(placeOfResponse(id), JSON.stringify(rest satisfies Sealed));
  return { sealed, bytes: sealed.length, state, alive_until_ms: aliveUntilMs, used_at_ms: nowMs };
}

export function placeOfResponse(id: string): string {
  return `responses/${id}`;
}

/** A use this soon after the last, as a part of the age they may reach, is not worth writing: ten minutes of a month. */
const FRESH = 1 / 4_320;

async function touch(db: Kysely<Tables>, id: string, nowMs: number): Promise<void> {
  await db
    .updateTable('responses')
    .set({ used_at_ms: nowMs })
    .where('id', '=', id)
    .where('used_at_ms', '<', nowMs)
    .execute();
}

/** Everybody's that are too old, and of this client those which are too many or too large together. */
async function forget(db: Kysely<Tables>, client: string, nowMs: number, limits: ResponseLimits): Promise<void> {
  await db
    .deleteFrom('responses')
    .where('used_at_ms', '<', nowMs - limits.ageMs)
    .execute();
  const rows = await db
    .selectFrom('responses')
    .select(['id', 'bytes'])
    .where('client', '=', client)
    .orderBy('used_at_ms', 'desc')
    .orderBy('id')
    .execute();
  let bytes = 0;
  const excess = rows.filter((row, i) => {
    bytes += row.bytes;
    return i >= limits.count || (bytes > limits.bytes && i > 0);
  });
  for (const { id } of excess) await db.deleteFrom('responses').where('id', '=', id).execute();
}
