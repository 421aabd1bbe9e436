/** A budget of a client key, with a forecast. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';

export const budget = once(() =>
  z.object({
    key: z.string(),
    name: z.string(),
    period: z.enum(['day', 'month']),
    used: z.number(),
    limit: z.number(),
    resetsAt: moment(),
    creditsPerDay: z.number().describe('The rate of the last seven days.'),
    usedAtReset: z.number().describe('Forecast: the credits used when the budget resets, at this rate.'),
    usedUpAt: moment().nullable().describe('Forecast: when nothing is left; null: not before the reset.'),
  }),
);

export type BudgetView = z.infer<ReturnType<typeof budget>>;
