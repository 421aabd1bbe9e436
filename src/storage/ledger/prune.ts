/** Removes what the ledger no longer keeps, a bounded number of rows at a time. The sums of days are kept for good. */
import type { Kysely } from 'kysely';
import { DAY_MS } from '../../core/utc-periods.ts';
import { otherIdsIn } from '../../gateway/ledger/details.ts';
import type { LedgerLimits } from '../../gateway/ledger/ledger-store.ts';
import { isOneOf } from './conditions.ts';
import { blockOf, type LedgerTables } from './tables.ts';
import { pruneTexts } from './texts.ts';
import { pruneWriters } from './writers.ts';

/** Takes a few milliseconds, so that the event loop of a gateway on SQLite is not blocked for longer. */
const CHUNK = 250;
/** Sums of hours; those of days outlive them. */
const HOURS_KEPT_MS = 92 * DAY_MS;
/** Processes renew the time of an error text only from time to time. */
const ERRORS_KEPT_LONGER_MS = 2 * DAY_MS;

/** True if there is more to remove. */
export async function prune(
  db: Kysely<LedgerTables>,
  isPostgres: boolean,
  { rows, days, textBytes }: LedgerLimits,
  nowMs: number,
): Promise<boolean> {
  const oldestMs = nowMs - days * DAY_MS;
  const excess = (await oldestBeyond(db, rows)) ?? (await oldestBefore(db, oldestMs));
  if (excess) {
    await removeRows(db, isPostgres, excess);
    return excess.length === CHUNK;
  }
  if (await pruneTexts(db, isPostgres, textBytes)) return true;
  await pruneWriters(db, oldestMs, nowMs);
  await db
    .deleteFrom('ledger_errors')
    .where('seen_at_ms', '<', oldestMs - ERRORS_KEPT_LONGER_MS)
    .execute();
  await db
    .deleteFrom('ledger_hours')
    .where('start_ms', '<', nowMs - HOURS_KEPT_MS)
    .execute();
  return false;
}

type OldRow = Pick<LedgerTables['ledger_requests'], 'id' | 'request_id' | 'details'>;

/** Numbers grow by one for each row, so their range tells the number of rows without counting them. */
async function oldestBeyond(db: Kysely<LedgerTables>, rows: number): Promise<OldRow[] | undefined> {
  const newest = await db.selectFrom('ledger_requests').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
  if (!newest) return undefined;
  const found = await db
    .selectFrom('ledger_requests')
    .select(['id', 'request_id', 'details'])
    .where('id', '<=', newest.id - rows)
    .orderBy('id')
    .limit(CHUNK)
    .execute();
  return found.length === 0 ? undefined : found;
}

async function oldestBefore(db: Kysely<LedgerTables>, ms: number): Promise<OldRow[] | undefined> {
  const found = await db
    .selectFrom('ledger_requests')
    .select(['id', 'request_id', 'details'])
    .where('received_at_ms', '<', ms)
    .orderBy('received_at_ms')
    .limit(CHUNK)
    .execute();
  return found.length === 0 ? undefined : found;
}

async function removeRows(db: Kysely<LedgerTables>, isPostgres: boolean, rows: readonly OldRow[]): Promise<void> {
  const numbers = rows.map(({ id }) => id);
  await db.transaction().execute(async (transaction) => {
    await transaction
      .deleteFrom('ledger_ids')
      .where('block', 'in', [...new Set(numbers.map(blockOf))])
      .where('value', 'in', [...new Set(rows.flatMap(idsOf))])
      .where((where) => isOneOf(isPostgres, where.ref('request'), numbers))
      .execute();
    await transaction
      .deleteFrom('ledger_requests')
      .where((where) => isOneOf(isPostgres, where.ref('id'), numbers))
      .execute();
  });
}

/** Every id under which the row was stored. */
function idsOf({ request_id, details }: OldRow): string[] {
  return [request_id, ...otherIdsIn(details)];
}
