/** What is used and left of accounts' plans. */
import { z } from 'zod';
import { moment } from './moment.ts';

const allowance = z.object({
  kind: z.enum(['plan', 'trial', 'bonus']),
  name: z.string(),
  used: z.number(),
  limit: z.number(),
  expiresAt: moment.nullable(),
});

const overage = z.object({
  isOn: z.boolean(),
  used: z.number(),
  cap: z.number().nullable().describe('null: none that is known.'),
  charges: z.number(),
  currency: z.string(),
});

const accountUsage = z.object({
  id: z.string(),
  label: z.string(),
  plan: z.string().nullable(),
  resetsAt: moment.nullable(),
  used: z.number().nullable().describe('Over all allowances.'),
  limit: z.number().nullable(),
  left: z.number().nullable().describe('With what may be used beyond the plan; null: unknown, or without limit.'),
  allowances: z.array(allowance),
  overage: overage.nullable(),
  readAt: moment.nullable().describe('When the service was asked.'),
  error: z.object({ code: z.string(), message: z.string() }).nullable().describe('Why there are no figures.'),
});

export const usageQuery = z.strictObject({
  refresh: z.enum(['true', 'false']).optional().describe('`true`: ask the service now, for every account.'),
});

export const usageList = z.object({ accounts: z.array(accountUsage) });

export type AccountUsage = z.infer<typeof accountUsage>;
