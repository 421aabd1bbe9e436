/** `GET /v2/audit`. */
import { GatewayError } from '../../core/errors.ts';
import { isoTime } from '../../core/times.ts';
import type { AuditActor, AuditEntry, AuditPlace } from '../../gateway/audit/ports.ts';
import { type AuditEntryView, auditList, auditQuery } from './contract/audit.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

export function registerAudit(app: AdminApp, { audit }: AdminParts): void {
  app.get(
    '/v2/audit',
    {
      schema: {
        summary: 'List who changed what and when',
        querystring: auditQuery,
        response: { 200: auditList },
      },
    },
    async ({ query: { limit, cursor } }) => {
      // One more, to know whether there are older ones.
      const found = await audit.list(limit + 1, cursor === undefined ? undefined : readCursor(cursor));
      const entries = found.slice(0, limit);
      const last = found.length > limit ? entries.at(-1) : undefined;
      return { entries: entries.map(toView), nextCursor: last ? writeCursor(last) : null };
    },
  );
}

function toView({ id, atMs, actor, action, target, changes }: AuditEntry): AuditEntryView {
  return {
    ...{ id, at: isoTime(atMs), actor: toActorView(actor), action, target: target ?? null },
    changes: changes.map(({ field, before, after }) => ({ field, before, after })),
  };
}

function toActorView(actor: AuditActor): AuditEntryView['actor'] {
  return { session: null, signedInBy: null, address: null, user: null, machine: null, ...actor };
}

function writeCursor({ atMs, id }: AuditPlace): string {
  return `${atMs}.${id}`;
}

function readCursor(cursor: string): AuditPlace {
  const [, atMs, id] = /^(\d{1,15})\.([\w-]+)$/.exec(cursor) ?? [];
  if (atMs !== undefined && id !== undefined) return { atMs: Number(atMs), id };
  throw new GatewayError('invalid_request', 'cursor must be the nextCursor of an answer.', { param: 'cursor' });
}
