/**
 * The open requests of keys, counted over all replicas: one row for each, numbered from 1 to the key's limit, so that the
 * table's primary key admits no more. A process renews its rows; those of a process that died expire.
 */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { every } from '../core/async.ts';
import type { Cancel } from '../core/clock.ts';
import type { Slots } from '../gateway/key-limits/counters.ts';
import type { Database } from './database.ts';

const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 20_000;
/** Two requests may choose the same free number; the loser chooses again. */
const MAX_TRIES = 5;
/** By the server's clock: those of the replicas may differ. */
const NOW_MS = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

export class SharedSlots implements Slots {
  readonly #database: Database;
  readonly #own: Slots;
  /** Names the rows of this process. */
  readonly #process = randomBytes(8).toString('hex');
  readonly #open = new Set<string>();
  #cancelRenewing: Cancel | undefined;

  /** `own`: counts in this process while the server fails. */
  constructor(database: Database, own: Slots) {
    this.#database = database;
    this.#own = own;
  }

  async take(key: string, limit: number): Promise<string | undefined> {
    try {
      for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
        const number = await this.#insert(key, limit);
        if (number !== undefined) return this.#hold(`${number} ${key}`);
        if ((await this.count(key)) >= limit) return undefined;
      }
      return undefined;
    } catch {
      return this.#own.take(key, limit);
    }
  }

  release(slot: string): void {
    if (!this.#open.delete(slot)) {
      this.#own.release(slot);
      return;
    }
    if (this.#open.size === 0) this.#stopRenewing();
    const [number = '', key = ''] = slot.split(' ');
    this.#database.db
      .deleteFrom('key_slots')
      .where('key_id', '=', key)
      .where('number', '=', Number(number))
      .where('process', '=', this.#process)
      .execute()
      // It expires by itself.
      .catch(() => {});
  }

  async count(key: string): Promise<number> {
    const { rows } = await sql<{ readonly open: number }>`
      select count(*) as open from key_slots where key_id = ${key} and until_ms > ${NOW_MS}`.execute(this.#database.db);
    return rows[0]?.open ?? 0;
  }

  #stopRenewing(): void {
    this.#cancelRenewing?.();
    this.#cancelRenewing = undefined;
  }

  async #insert(key: string, limit: number): Promise<number | undefined> {
    const { rows } = await sql<{ readonly number: number }>`
      insert into key_slots as slot (key_id, number, process, until_ms)
      select ${key}, free.number, ${this.#process}, ${NOW_MS} + ${LEASE_MS} from generate_series(1, ${limit}::int) as free(number)
      where not exists (select 1 from key_slots used
        where used.key_id = ${key} and used.number = free.number and used.until_ms > ${NOW_MS})
      order by random() limit 1
      on conflict (key_id, number) do update set process = excluded.process, until_ms = excluded.until_ms
        where slot.until_ms <= ${NOW_MS}
      returning number`.execute(this.#database.db);
    return rows[0]?.number;
  }

  #hold(slot: string): string {
    this.#open.add(slot);
    this.#cancelRenewing ??= every(this.#database.clock, RENEW_EVERY_MS, () => void this.#renew());
    return slot;
  }

  async #renew(): Promise<void> {
    await sql`update key_slots set until_ms = ${NOW_MS} + ${LEASE_MS} where process = ${this.#process}`
      .execute(this.#database.db)
      // Begins again with the next slot: the store may have been closed.
      .catch(() => this.#stopRenewing());
  }
}
