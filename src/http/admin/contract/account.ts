/** An account as the admin API shows and takes it. What is secret goes in, and never comes out. */
import { z } from 'zod';
import { moment } from './moment.ts';

export const accountKind = z.enum(['builder-id', 'idc', 'social', 'external-idp', 'api-key', 'iam']);

export const accountState = z
  .object({
    status: z
      .enum(['ready', 'cooling', 'exhausted', 'suspended', 'signed-out', 'disabled'])
      .describe('`suspended` and `signed-out` need a person; `cooling` and `exhausted` end by themselves.'),
    until: moment.nullable().describe('When a rest ends by itself.'),
    reason: z.string().nullable().describe('The error code which began a rest.'),
    by: z.enum(['operator', 'errors']).nullable().describe('Who switched it off.'),
  })
  .meta({ id: 'AccountState' });

export const account = z
  .object({
    id: z.string(),
    label: z.string(),
    kind: accountKind,
    source: z.object({
      type: z.string().describe('`sign-in`, `environment`, or the program whose file it is linked to.'),
      path: z.string().nullable().describe('The file of another program.'),
    }),
    enabled: z.boolean(),
    state: accountState,
    successes: z.int(),
    failures: z.int(),
    consecutiveFailures: z.int().describe('Of its own making, since the last success.'),
    region: z.string().nullable(),
    startUrl: z.string().nullable(),
    profileArn: z.string().nullable(),
    tokenExpiresAt: moment
      .nullable()
      .describe('Of the access token in use; null: none was made yet, or none is needed.'),
    proxy: z.string().nullable().describe('Password covered. `direct`: none, whatever the settings say.'),
    priority: z.int(),
    weight: z.int(),
    groups: z.array(z.string()),
    maxConcurrency: z.int().nullable(),
    minIntervalMs: z.int(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Account' });

export const accountList = z.object({ accounts: z.array(account) });

export type AccountView = z.infer<typeof account>;
