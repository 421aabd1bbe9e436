/** The audit trail: every change by the admin API and by commands. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';

export const auditQuery = once(() =>
  z.strictObject({
    limit: z.coerce.number().int().min(1).max(500).default(100).describe('At most this many entries.'),
    cursor: z.string().max(200).optional().describe('`nextCursor` of the answer before.'),
  }),
);

const actor = once(() =>
  z.object({
    type: z.enum(['token', 'session', 'command']),
    session: z.string().nullable().describe('The id of the session.'),
    signedInBy: z.enum(['token', 'ticket']).nullable().describe('How the session was opened.'),
    address: z.string().nullable().describe('Of the connection.'),
    user: z.string().nullable().describe('The user of the operating system who ran the command.'),
    machine: z.string().nullable().describe('The machine that ran the command.'),
  }),
);

const entry = once(() =>
  z.object({
    id: z.string(),
    at: moment(),
    actor: actor(),
    action: z.string().describe('`account.change`, `key.create`, …'),
    target: z.string().nullable().describe('The id of what was changed.'),
    changes: z
      .array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() }))
      .describe('As the admin API shows the fields, without secrets.'),
  }),
);

export const auditList = once(() =>
  z.object({
    entries: z.array(entry()).describe('Newest first.'),
    nextCursor: z.string().nullable().describe('null: there are no older entries.'),
  }),
);

export type AuditEntryView = z.infer<ReturnType<typeof entry>>;
