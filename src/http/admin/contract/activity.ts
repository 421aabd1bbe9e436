/** What the gateway has done and what needs attention: everything that the overview of the console shows, in one answer. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { budget } from './budget.ts';
import { moment } from './common.ts';
import { accountUsage } from './overview.ts';
import { listedRequest } from './request.ts';

const timeOf = once(() =>
  z.iso.datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' }).optional(),
);

export const activityQuery = once(() =>
  z.strictObject({
    from: timeOf().describe('Default: a day before `to`.'),
    to: timeOf().describe('Default: now.'),
    group: z.enum(['model', 'key', 'account', 'client', 'protocol']).optional().describe('Default `model`.'),
  }),
);

const sums = once(() => ({
  requests: z.int(),
  errors: z.int().describe('Refused, failed and timed out; abandoned requests are not errors.'),
  abandoned: z.int(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  credits: z.number().describe('Measured where the service reported them, else estimated.'),
  estimatedCredits: z.number().describe('The part of `credits` that is estimated.'),
}));

const group = once(() => ({
  group: z.string().nullable().describe('null: no such value, such as a request without a key.'),
  label: z.string().nullable().describe('The name of the key or the account.'),
}));

const ranking = once(() =>
  z.array(z.object({ ...group(), ...sums() })).describe('Those with the most requests, largest first.'),
);

const accountState = once(() =>
  z.object({ id: z.string(), label: z.string(), status: z.string(), until: moment().nullable() }),
);

export const activityAnswer = once(() =>
  z.object({
    isRecorded: z.boolean().describe('false: the ledger is off, so there are no figures.'),
    lost: z
      .int()
      .describe('Requests that could not be recorded: the gateway was killed, or its database failed for too long.'),
    span: z.enum(['minute', 'hour', 'day']).describe('The length of a bucket.'),
    isCut: z
      .boolean()
      .describe(
        'By the minute: more requests than are added up one by one, so the figures are those of the newest. Else: the newest buckets are left out.',
      ),
    totals: z.object(sums()),
    buckets: z.array(z.object({ from: moment(), ...group(), ...sums() })).describe('Oldest first.'),
    keys: ranking(),
    models: ranking(),
    clients: ranking(),
    failing: z.array(z.object({ code: z.string(), requests: z.int() })).describe('Error codes, most frequent first.'),
    firstByte: z
      .object({ p50Ms: z.number(), p95Ms: z.number(), replies: z.int().describe('How many were looked at.') })
      .nullable()
      .describe('Of the newest successful replies; null: there are none.'),
    slowest: z.array(listedRequest()).describe('Of the newest successful replies.'),
    accounts: z.array(accountState()),
    plans: z
      .array(
        accountUsage().extend({
          creditsPerDay: z.number().describe('The rate of the last seven days, through this gateway.'),
          usedAtReset: z
            .number()
            .nullable()
            .describe(
              'Forecast: the credits used at the reset, at this rate; null: the reset or the use is not known.',
            ),
          usedUpAt: moment().nullable().describe('Forecast: when the plan is used up; null: not before its reset.'),
        }),
      )
      .describe('As last reported by the service; accounts without a report are left out.'),
    budgets: z.array(budget()).describe('Budgets of keys of which at least 80 % is used.'),
  }),
);

export type ActivityView = z.infer<ReturnType<typeof activityAnswer>>;
export type ActivityQuery = z.infer<ReturnType<typeof activityQuery>>;
