/** Client API keys. Only the answer that creates a key has its secret. */
import { z } from 'zod';
import { moment } from './common.ts';

const shownKey = z.object({
  id: z.string().describe('Also the name of the client in the log.'),
  name: z.string(),
  prefix: z.string().describe('The first characters of the key.'),
  createdAt: moment,
  expiresAt: moment.nullable(),
  lastUsedAt: moment.nullable(),
  revokedAt: moment.nullable(),
  usable: z.boolean(),
});

export const newKey = z.strictObject({
  name: z.string().describe('Who or what uses the key.'),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' })
    .nullable()
    .optional()
    .describe('The key is refused from then on. ISO 8601.'),
});

export const keyQuery = z.strictObject({
  forget: z
    .enum(['true', 'false'])
    .optional()
    .describe('`true`: also removes the key from the list. Otherwise it stays there, revoked.'),
});

export const keyList = z.object({
  keys: z.array(shownKey),
  configured: z.int().describe('Number of keys in the settings, in addition to these.'),
});
export const keyAnswer = z.object({ key: shownKey });
export const madeKey = z.object({ key: shownKey, secret: z.string().describe('Shown only in this answer.') });

export type KeyView = z.infer<typeof shownKey>;
