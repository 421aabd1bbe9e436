/** Client API keys. The secret is in one answer alone: the one which made it. */
import { z } from 'zod';
import { moment } from './common.ts';

const shownKey = z.object({
  id: z.string().describe('As the log names the client.'),
  name: z.string(),
  prefix: z.string().describe('How the key begins.'),
  createdAt: moment,
  expiresAt: moment.nullable(),
  lastUsedAt: moment.nullable(),
  revokedAt: moment.nullable(),
  usable: z.boolean(),
});

export const newKey = z.strictObject({
  name: z.string().describe('Whose it is, or what for.'),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' })
    .nullable()
    .optional()
    .describe('From then on it is refused. ISO 8601.'),
});

export const keyQuery = z.strictObject({
  forget: z
    .enum(['true', 'false'])
    .optional()
    .describe('`true`: as if it had never been. Otherwise it stays in the list, revoked.'),
});

export const keyList = z.object({
  keys: z.array(shownKey),
  configured: z.int().describe('How many keys the settings hold besides these.'),
});
export const keyAnswer = z.object({ key: shownKey });
export const madeKey = z.object({ key: shownKey, secret: z.string().describe('Shown now and never again.') });

export type KeyView = z.infer<typeof shownKey>;
