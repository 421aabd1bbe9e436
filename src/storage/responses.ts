/**
 * Stored responses. They contain people's conversations, so everything is encrypted except what is needed to find them
 * and to remove them in time.
 */
import type { Kysely } from 'kysely';
import { LRUCache } from 'lru-cache';
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
  /** What was written for a client since its excess was removed. */
  readonly #written = new LRUCache<string, Written>({ max: MAX_CLIENTS });

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

  useAll(client: string, ids: readonly string[], nowMs: number): Promise<boolean> {
    const { ageMs } = this.#limits;
    return this.#retried(async (db) => {
      for (const some of inGroups(ids)) {
        const rows = await db
          .selectFrom('responses')
          .select(['id', 'used_at_ms'])
          .where('id', 'in', some)
          .where('client', '=', client)
          .where('used_at_ms', '>=', nowMs - ageMs)
          .execute();
        if (rows.length < new Set(some).size) return false;
        for (const { id, used_at_ms } of rows) if (used_at_ms <= nowMs - ageMs * FRESH) await touch(db, id, nowMs);
      }
      return true;
    });
  }

  put(client: string, stored: StoredResponse, nowMs: number): Promise<void> {
    const { id } = stored;
    const changed = rowOf(stored, this.#seal, nowMs);
    return this.#write(client, changed.bytes, nowMs, async (transaction) => {
      await transaction
        .insertInto('responses')
        .values({ id, client, ...changed })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(changed).where('responses.client', '=', client))
        .execute();
    });
  }

  replaceRunning(client: string, stored: StoredResponse, nowMs: number): Promise<boolean> {
    const changed = rowOf(stored, this.#seal, nowMs);
    return this.#write(client, changed.bytes, nowMs, async (transaction) => {
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

  /** Writes so many bytes, then removes what exceeds the limits. */
  async #write<T>(
    client: string,
    bytes: number,
    nowMs: number,
    work: (transaction: Kysely<Tables>) => Promise<T>,
  ): Promise<T> {
    const isExcessDue = this.#countWritten(client, bytes);
    try {
      return await withRetry(this.#database.clock, () =>
        this.#database.withoutSync(async (transaction) => {
          await checkStillOurs(transaction, this.#seal);
          const result = await work(transaction);
          await removeOld(transaction, nowMs - this.#limits.ageMs);
          if (isExcessDue) await removeExcess(transaction, client, this.#limits);
          return result;
        }),
      );
    } catch (cause) {
      if (isExcessDue) this.#written.delete(client);
      throw cause;
    }
  }

  /** Returns whether the client may exceed its limits by more than the overshoot then. */
  #countWritten(client: string, bytes: number): boolean {
    const before = this.#written.get(client);
    const written = before && { count: before.count + 1, bytes: before.bytes + bytes };
    const isExcessDue = !written || isLarge(written, this.#limits);
    this.#written.set(client, isExcessDue ? NOTHING : written);
    return isExcessDue;
  }
}

function rowOf({ id, state, aliveUntilMs, ...rest }: StoredResponse, seal: Seal, nowMs: number) {
  const sealed = seal.close(placeOfResponse(id), JSON.stringify(rest satisfies Sealed));
  return { sealed, bytes: sealed.length, state, alive_until_ms: aliveUntilMs, used_at_ms: nowMs };
}

export function placeOfResponse(id: string): string {
  return `responses/${id}`;
}

/** Of one size, so that all share one prepared statement. */
const GROUP = 50;

function inGroups(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / GROUP) }, (_, at) => {
    const some = ids.slice(at * GROUP, (at + 1) * GROUP);
    return [...some, ...Array.from({ length: GROUP - some.length }, () => String(some[0]))];
  });
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

interface Written {
  readonly count: number;
  readonly bytes: number;
}

const NOTHING: Written = { count: 0, bytes: 0 };
const MAX_CLIENTS = 1_000;
/** Finding the excess reads all of a client's rows, so a client may exceed its limits by this share of them, in each process. */
const OVERSHOOT = 1 / 16;

function isLarge(written: Written, limits: ResponseLimits): boolean {
  return written.count >= limits.count * OVERSHOOT || written.bytes >= limits.bytes * OVERSHOOT;
}

async function removeOld(db: Kysely<Tables>, beforeMs: number): Promise<void> {
  await db.deleteFrom('responses').where('used_at_ms', '<', beforeMs).execute();
}

/** Removes the oldest of this client beyond its count and size limits. */
async function removeExcess(db: Kysely<Tables>, client: string, limits: ResponseLimits): Promise<void> {
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
