/** Conditions that need attention. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';

export const alert = once(() =>
  z.object({
    id: z.string().describe('The same whenever the same condition begins again.'),
    type: z.enum([
      'account-signed-out',
      'account-suspended',
      'account-out-of-quota',
      'no-account-ready',
      'budget-warning',
      'budget-reached',
      'error-rate',
    ]),
    severity: z.enum(['warning', 'critical']),
    subject: z
      .object({ kind: z.enum(['account', 'key']), id: z.string(), label: z.string() })
      .nullable()
      .describe('null: the gateway.'),
    message: z.string(),
    beganAt: moment(),
    endedAt: moment().nullable().describe('null: the condition holds.'),
  }),
);

const webhook = once(() =>
  z.object({
    shape: z.enum(['json', 'slack', 'feishu', 'dingtalk']),
    host: z.string().describe('The rest of the address may be a secret.'),
    deliveredAt: moment().nullable().describe('The last attempt of this process.'),
    problem: z.string().nullable().describe('Why the last attempt failed.'),
  }),
);

export const alertList = once(() =>
  z.object({
    alerts: z.array(alert()).describe('Those that hold, newest first.'),
    recent: z.array(alert()).describe('At most 50 that have ended, newest first.'),
    webhooks: z.array(webhook()),
  }),
);

export const testedWebhooks = once(() => z.object({ webhooks: z.array(webhook()) }));

export type AlertView = z.infer<ReturnType<typeof alert>>;
export type WebhookView = z.infer<ReturnType<typeof webhook>>;
