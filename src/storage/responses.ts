/**
 * Stored responses. They contain people's conversations, so everything is encrypted except what is needed to find them
 * and to remove them in time.
 */
import type { Kysely } from 'kysely';
import type { ResponseLimits, ResponseStore, StoredResponse } from '../gateway/response-store.ts';
import type { Database } from './database.ts';
import { checkStillOurs } from './key-check.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';
import type { Seal } from './seal.ts';

type Sealed = Omit<StoredResponse, 'id' | 'state' | 'aliveUntilMs'>;

export class DatabaseResponseStore implements ResponseStore {
  readonly #database: Database;
  readonly #seal: Seal;
  readonly #limits: ResponseLimits;

  constructor(database: Database, seal: Seal, limits: ResponseLimits) {
    this.#database = database;
    this.#seal = seal;
    this.#limits = limits;
  }

  find(client: string, id: string, nowMs: number): Promise<StoredResponse | undefined> {
    const { ageMs } = this.#limits;
    return this.#retried(async (db) => {
      const row = await db
        .selectFrom('responses')
        .selectAll()
        .where('id', '=', id)
        .where('client', '=', client)
        .where('used_at_ms', '>=', nowMs - ageMs)
        .executeTakeFirst();
      if (!row) return undefined;
      if (row.used_at_ms <= nowMs - ageMs * FRESH) await touch(db, id, nowMs);
      // Only `put` and `replaceRunning` write these columns; the encryption proves it for the sealed one.
      const sealed = JSON.parse(this.#seal.open(placeOfResponse(id), row.sealed)) as Sealed;
      const { state, alive_until_ms: aliveUntilMs } = row;
      return { ...sealed, id, state: state as StoredResponse['state'], aliveUntilMs };
    });
  }

  put(client: string, stored: StoredResponse, nowMs: number): Promise<void> {
    const { id } = stored;
    const changed = rowOf(stored, this.#seal, nowMs);
    return this.#write(client, nowMs, async (transaction) => {
      await transaction
        .insertInto('responses')
        .values({ id, client, ...changed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(changed).where('responses.client', '=', client))
        .execute();
    });
  }

  replaceRunning(client: string, stored: StoredResponse, nowMs: number): Promise<boolean> {
    const changed = rowOf(stored, this.#seal, nowMs);
    return this.#write(client, nowMs, async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('responses')
        .set(changed)
        .where('id', '=', stored.id)
        .where('client', '=', client)
        .where('state', '=', 'running')
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  remove(client: string, id: string): Promise<boolean> {
    return this.#retried(async (db) => {
      const { numDeletedRows } = await db
        .deleteFrom('responses')
        .where('id', '=', id)
        .where('client', '=', client)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }

  keepAlive(client: string, id: string, untilMs: number): Promise<'running' | 'stopped'> {
    return this.#retried(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('responses')
        .set({ alive_until_ms: untilMs })
        .where('id', '=', id)
        .where('client', '=', client)
        .where('state', '=', 'running')
        .executeTakeFirst();
      return numUpdatedRows > 0n ? 'running' : 'stopped';
    });
  }

  #retried<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    return withRetry(this.#database.clock, () => work(this.#database.db));
  }

  /** Writes, then removes what exceeds the limits. */
  #write<T>(client: string, nowMs: number, work: (transaction: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.#retried((db) =>
      db.transaction().execute(async (transaction) => {
        await checkStillOurs(transaction, this.#seal);
        const result = await work(transaction);
        await removeExcess(transaction, client, nowMs, this.#limits);
        return result;
      }),
    );
  }
}

function rowOf({ id, state, aliveUntilMs, ...rest }: StoredResponse, seal: Seal, nowMs: number) {
  const sealed = seal.close(placeOfResponse(id), JSON.stringify(rest satisfies Sealed));
  return { sealed, bytes: sealed.length, state, alive_until_ms: aliveUntilMs, used_at_ms: nowMs };
}

export function placeOfResponse(id: string): string {
  return `responses/${id}`;
}

/** A use this soon after the last, as a fraction of the maximum age, is not recorded: ten minutes for a month. */
const FRESH = 1 / 4_320;

async function touch(db: Kysely<Tables>, id: string, nowMs: number): Promise<void> {
  await db
    .updateTable('responses')
    .set({ used_at_ms: nowMs })
    .where('id', '=', id)
    .where('used_at_ms', '<', nowMs)
    .execute();
}

/** Removes every response that is too old, and the oldest of this client beyond its count and size limits. */
async function removeExcess(db: Kysely<Tables>, client: string, nowMs: number, limits: ResponseLimits): Promise<void> {
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
