/** Stores the audit trail. */
import type { Selectable } from 'kysely';
import type { AuditAction, AuditEntry, AuditStore } from '../gateway/audit/ports.ts';
import type { Database } from './database.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';

export function createAuditStore({ db, clock }: Database): AuditStore {
  return {
    add: ({ id, atMs, actor, action, target, changes }) =>
      withRetry(clock, async () => {
        const json = { actor: JSON.stringify(actor), changes: JSON.stringify(changes) };
        await db
          .insertInto('audit')
          .values({ id, at_ms: atMs, action, target: target ?? null, ...json })
          .execute();
      }),

    list: (limit, after) =>
      withRetry(clock, async () => {
        let query = db.selectFrom('audit').selectAll().orderBy('at_ms', 'desc').orderBy('id', 'desc').limit(limit);
        if (after)
          query = query.where((where) =>
            where.or([
              where('at_ms', '<', after.atMs),
              where.and([where('at_ms', '=', after.atMs), where('id', '<', after.id)]),
            ]),
          );
        return (await query.execute()).map(toEntry);
      }),

    prune: (beforeMs, max) =>
      withRetry(clock, async () => {
        await db.deleteFrom('audit').where('at_ms', '<', beforeMs).execute();
        const first = db.selectFrom('audit').select('at_ms').orderBy('at_ms', 'desc').limit(1).offset(max);
        const excess = await first.executeTakeFirst();
        if (excess) await db.deleteFrom('audit').where('at_ms', '<=', excess.at_ms).execute();
      }),
  };
}

function toEntry(row: Selectable<Tables['audit']>): AuditEntry {
  const { id, at_ms: atMs, action, target } = row;
  // Only `add` writes these columns.
  return {
    ...{ id, atMs, target: target ?? undefined },
    action: action as AuditAction,
    actor: JSON.parse(row.actor) as AuditEntry['actor'],
    changes: JSON.parse(row.changes) as AuditEntry['changes'],
  };
}
