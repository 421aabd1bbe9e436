/** The groups that requests are summed by, as rows of the database. */
import type { Kysely } from 'kysely';
import type { LedgerGroup } from '../../gateway/ledger/ledger-store.ts';
import type { LedgerTables } from './tables.ts';

export async function readGroups(db: Kysely<LedgerTables>, limit: number): Promise<LedgerGroup[]> {
  const rows = await db.selectFrom('ledger_groups').selectAll().limit(limit).execute();
  return rows.map(toGroup);
}

export function toGroup(row: Omit<LedgerTables['ledger_groups'], 'id'>): LedgerGroup {
  const { key, account, model, answered_model: answeredModel, protocol, client, route, code } = row;
  // Only the ledger's writer writes these columns.
  const kind = row.kind as LedgerGroup['kind'];
  const outcome = row.outcome as LedgerGroup['outcome'];
  return { key, account, model, answeredModel, protocol, client, route, kind, outcome, code };
}
