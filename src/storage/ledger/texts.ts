/** The encrypted texts of requests: how much of them is kept, and their encryption under another key. */
import type { Kysely } from 'kysely';
import type { Seal } from '../seal.ts';
import { isOneOf } from './conditions.ts';
import type { LedgerTables } from './tables.ts';

/** Whatever their size: adding up the sizes of so many takes a few milliseconds. */
const MAX_TEXTS = 100_000;
/** Of one statement. Each text may have some hundred kilobytes. */
const CHUNK = 100;

export function placeOfText(requestId: string): string {
  return `ledger/${requestId}`;
}

/** Removes a bounded number of the oldest texts beyond the limits, but not their rows. True if there is more to remove. */
export async function pruneTexts(db: Kysely<LedgerTables>, isPostgres: boolean, maxBytes: number): Promise<boolean> {
  const withText = db.selectFrom('ledger_requests').where('text_bytes', 'is not', null);
  const { count, bytes } = await withText
    .select(({ fn }) => [fn.countAll<number>().as('count'), fn.sum<number | null>('text_bytes').as('bytes')])
    .executeTakeFirstOrThrow();
  // PostgreSQL returns sums as text.
  let excessTexts = Number(count) - MAX_TEXTS;
  let excessBytes = Number(bytes ?? 0) - maxBytes;
  if (excessTexts <= 0 && excessBytes <= 0) return false;
  const oldest = await withText.select(['id', 'text_bytes']).orderBy('id').limit(CHUNK).execute();
  const removed: number[] = [];
  for (const { id, text_bytes } of oldest) {
    if (excessTexts <= 0 && excessBytes <= 0) break;
    removed.push(id);
    excessTexts -= 1;
    excessBytes -= text_bytes ?? 0;
  }
  await db
    .updateTable('ledger_requests')
    .set({ sealed: null, text_bytes: null })
    .where((where) => isOneOf(isPostgres, where.ref('id'), removed))
    .execute();
  return excessTexts > 0 || excessBytes > 0;
}

/** Within the transaction that replaces the key. A text that the old key does not open is lost, and is left as it is. */
export async function resealTexts(db: Kysely<LedgerTables>, old: Seal, next: Seal): Promise<void> {
  let after = 0;
  for (;;) {
    const rows = await db
      .selectFrom('ledger_requests')
      .select(['id', 'request_id', 'sealed'])
      .where('sealed', 'is not', null)
      .where('id', '>', after)
      .orderBy('id')
      .limit(CHUNK)
      .execute();
    for (const { id, request_id, sealed } of rows) {
      const place = placeOfText(request_id);
      const text = sealed && opened(old, place, sealed);
      if (text == null) continue;
      await db
        .updateTable('ledger_requests')
        .set({ sealed: next.close(place, text) })
        .where('id', '=', id)
        .execute();
    }
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
  }
}

/** Undefined if this key does not open it. */
export function opened(seal: Seal, place: string, sealed: Uint8Array): string | undefined {
  try {
    return seal.open(place, sealed);
  } catch {
    return undefined;
  }
}
