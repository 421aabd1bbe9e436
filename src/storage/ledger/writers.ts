/** Which processes write to the ledger, how many of their rows are stored, and how many rows were lost. */
import { type Kysely, sql } from 'kysely';
import { DAY_MS } from '../../core/utc-periods.ts';
import type { LedgerLoss } from '../../gateway/ledger/ledger-store.ts';
import type { LedgerTables } from './tables.ts';

/** Processes that ended without a trace, such as in a container that is gone with its files. */
const WRITERS_KEPT_MS = 400 * DAY_MS;

export async function addWriter(db: Kysely<LedgerTables>, id: number, nowMs: number): Promise<void> {
  await db.insertInto('ledger_writers').values({ id, rows: 0, seen_at_ms: nowMs }).execute();
}

/** Within the transaction that stores the rows. */
export async function countWritten(db: Kysely<LedgerTables>, id: number, rows: number, nowMs: number): Promise<void> {
  await sql`update ledger_writers set rows = rows + ${rows}, seen_at_ms = ${nowMs} where id = ${id}`.execute(db);
}

/** Undefined: it does not write to this database, or has ended properly. */
export async function rowsStoredBy(db: Kysely<LedgerTables>, id: number): Promise<number | undefined> {
  const row = await db.selectFrom('ledger_writers').select('rows').where('id', '=', id).executeTakeFirst();
  return row && Number(row.rows);
}

export async function removeWriter(db: Kysely<LedgerTables>, id: number): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('ledger_writers').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function addLoss(db: Kysely<LedgerTables>, { atMs, rows, reason }: LedgerLoss): Promise<void> {
  await db.insertInto('ledger_losses').values({ at_ms: atMs, rows, reason }).execute();
}

export async function rowsLost(db: Kysely<LedgerTables>, fromMs: number, toMs: number): Promise<number> {
  const sum = await db
    .selectFrom('ledger_losses')
    .select(({ fn }) => fn.sum<number | null>('rows').as('rows'))
    .where('at_ms', '>=', fromMs)
    .where('at_ms', '<', toMs)
    .executeTakeFirst();
  return Number(sum?.rows ?? 0);
}

/** `oldestMs`: the limit of the rows themselves. */
export async function pruneWriters(db: Kysely<LedgerTables>, oldestMs: number, nowMs: number): Promise<void> {
  await db.deleteFrom('ledger_losses').where('at_ms', '<', oldestMs).execute();
  await db
    .deleteFrom('ledger_writers')
    .where('seen_at_ms', '<', nowMs - WRITERS_KEPT_MS)
    .execute();
}
