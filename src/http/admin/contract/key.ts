/** Client API keys. Only the answer that creates a key has its secret. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { budget } from './budget.ts';
import { moment } from './common.ts';

const limit = once(() => z.int().nullable().describe('null: no limit.'));
const credits = once(() => z.number().nullable().describe('null: no limit.'));

const timeOf = once(() =>
  z.iso.datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' }).optional(),
);

export const shownKey = once(() =>
  z.object({
    id: z.string().describe('Also the name of the client in the log and the ledger.'),
    name: z.string(),
    owner: z.string().nullable(),
    note: z.string().nullable(),
    prefix: z.string().describe('The first characters of the key.'),
    enabled: z.boolean(),
    state: z.enum(['active', 'disabled', 'expired', 'revoked']),
    usable: z.boolean().describe('True if `state` is `active`.'),
    createdAt: moment(),
    expiresAt: moment().nullable(),
    lastUsedAt: moment().nullable(),
    revokedAt: moment().nullable(),
    previousSecretUntil: moment().nullable().describe('Until then the secret before the current one is valid too.'),
    models: z.array(z.string()).nullable().describe('Patterns of the models that the key may use; null: all.'),
    group: z.string().nullable().describe('Only accounts of this group serve the key; null: all accounts.'),
    requestsPerMinute: limit(),
    concurrency: limit(),
    tokensPerMinute: limit(),
    creditsPerDay: credits(),
    creditsPerMonth: credits(),
  }),
);

const fields = once(() => ({
  owner: z.string().nullable().optional().describe('The person or team that uses the key.'),
  note: z.string().nullable().optional(),
  enabled: z.boolean().optional().describe('A disabled key is refused until it is enabled again.'),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' })
    .nullable()
    .optional()
    .describe('The key is refused from then on. ISO 8601.'),
  models: z
    .array(z.string())
    .nullable()
    .optional()
    .describe('Names of models, with `*` for any characters: `claude-*`. null or an empty list: every model.'),
  group: z.string().nullable().optional().describe('Only accounts of this group serve the key.'),
  requestsPerMinute: z.number().nullable().optional().describe('null: no limit.'),
  concurrency: z.number().nullable().optional().describe('Requests whose answer has not ended; null: no limit.'),
  tokensPerMinute: z
    .number()
    .nullable()
    .optional()
    .describe('Input and output tokens, counted when an answer has ended; null: no limit.'),
  creditsPerDay: z.number().nullable().optional().describe('From midnight to midnight UTC; null: no limit.'),
  creditsPerMonth: z.number().nullable().optional().describe('Calendar months in UTC; null: no limit.'),
}));

export const newKey = once(() =>
  z.strictObject({ name: z.string().describe('A label: the purpose of the key.'), ...fields() }),
);

/** Fields that are left out stay as they are. */
export const keyPatch = once(() => z.strictObject({ name: z.string().optional(), ...fields() }));

export const rotation = once(() =>
  z.strictObject({
    graceSeconds: z.number().default(3_600).describe('How long the old secret stays valid. 0: it is refused at once.'),
  }),
);

export const keyQuery = once(() =>
  z.strictObject({
    forget: z
      .enum(['true', 'false'])
      .optional()
      .describe('`true`: also removes the key from the list. Otherwise it stays there, revoked.'),
  }),
);

export const keyListQuery = once(() =>
  z.strictObject({
    from: timeOf().describe(
      'Adds `use`, the sums since then; those of whole hours, within four days, or of days (UTC).',
    ),
    to: timeOf().describe('The end of `use`. Default: now.'),
  }),
);

const keyUse = once(() => z.object({ key: z.string().describe('Its id.'), requests: z.int(), credits: z.number() }));

export const keyList = once(() =>
  z.object({
    keys: z.array(shownKey()),
    budgets: z
      .array(budget())
      .describe('Those of keys that are not revoked, with forecasts; empty while the ledger is off or cannot be read.'),
    configured: z.int().describe('Number of keys in the settings, in addition to these.'),
    use: z
      .array(keyUse())
      .optional()
      .describe(
        'Only with `from`. Keys without requests are left out; empty while the ledger is off or cannot be read. At most 100,000 sums of an hour or a day are added up, the oldest first.',
      ),
  }),
);
export const keyAnswer = once(() => z.object({ key: shownKey() }));
export const madeKey = once(() =>
  z.object({ key: shownKey(), secret: z.string().describe('Shown only in this answer.') }),
);

export type KeyUse = z.infer<ReturnType<typeof keyUse>>;
export type KeyView = z.infer<ReturnType<typeof shownKey>>;
export type KeyPatchBody = z.output<ReturnType<typeof keyPatch>>;
