/** Stores alerts, and which process decides about them. */
import type { Selectable } from 'kysely';
import type { AlertSubject, AlertType } from '../gateway/alerts/conditions.ts';
import type { Alert, AlertStore } from '../gateway/alerts/ports.ts';
import type { Database } from './database.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './schema.ts';

const LEASE = 'alerts';
/** More conditions than this cannot be read by a person. */
const MAX_ACTIVE = 1_000;

export function createAlertStore(database: Database): AlertStore {
  const { db, clock } = database;
  return {
    list: (maxEnded) =>
      withRetry(clock, async () => {
        const rows = db.selectFrom('alerts').selectAll();
        const active = rows
          .where('ended_at_ms', 'is', null)
          .orderBy('began_at_ms', 'desc')
          .orderBy('id')
          .limit(MAX_ACTIVE);
        const ended = rows
          .where('ended_at_ms', 'is not', null)
          .orderBy('ended_at_ms', 'desc')
          .orderBy('id')
          .limit(maxEnded);
        return [...(await active.execute()), ...(await ended.execute())].map(toAlert);
      }),

    begin: ({ id, type, severity, subject, message }, nowMs) =>
      withRetry(clock, async () => {
        const changed = {
          ...{ type, severity, message, began_at_ms: nowMs, ended_at_ms: null },
          subject: subject ? JSON.stringify(subject) : null,
        };
        const begun = await db
          .insertInto('alerts')
          .values({ id, ...changed })
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet(changed).where('alerts.ended_at_ms', 'is not', null),
          )
          .returning('id')
          .executeTakeFirst();
        return begun !== undefined;
      }),

    end: (id, nowMs) =>
      withRetry(clock, async () => {
        const { numUpdatedRows } = await db
          .updateTable('alerts')
          .set({ ended_at_ms: nowMs })
          .where('id', '=', id)
          .where('ended_at_ms', 'is', null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    removeEnded: (beforeMs) =>
      withRetry(clock, async () => {
        await db.deleteFrom('alerts').where('ended_at_ms', '<', beforeMs).execute();
      }),

    lead: createLease(database),
  };
}

function createLease({ db, clock }: Database): AlertStore['lead'] {
  return (holder, nowMs, untilMs) =>
    withRetry(clock, async () => {
      const changed = { holder, until_ms: untilMs };
      const lease = await db
        .insertInto('leases')
        .values({ name: LEASE, ...changed })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet(changed)
            .where((where) => where.or([where('leases.holder', '=', holder), where('leases.until_ms', '<', nowMs)])),
        )
        .returning('name')
        .executeTakeFirst();
      return lease !== undefined;
    });
}

function toAlert(row: Selectable<Tables['alerts']>): Alert {
  const { id, message, began_at_ms: beganAtMs } = row;
  // Only `begin` writes these columns.
  return {
    ...{ id, message, beganAtMs, endedAtMs: row.ended_at_ms ?? undefined },
    type: row.type as AlertType,
    severity: row.severity as Alert['severity'],
    subject: row.subject === null ? undefined : (JSON.parse(row.subject) as AlertSubject),
  };
}
