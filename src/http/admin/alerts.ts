/** `/v2/alerts`: conditions that need attention, and where they are sent. */
import { isoTime } from '../../core/times.ts';
import type { Webhook } from '../../gateway/alerts/ports.ts';
import { hostOf } from '../../gateway/alerts/webhooks.ts';
import { toAlertView } from './alert-view.ts';
import { alertList, testedWebhooks, type WebhookView } from './contract/alerts.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

export function registerAlerts(app: AdminApp, { alerts, webhooks, listWebhooks }: AdminParts): void {
  const views = () => listWebhooks().map((webhook) => toWebhookView(webhook, webhooks.lastDelivery(webhook)));
  app.get(
    '/v2/alerts',
    { schema: { summary: 'List conditions that need attention', response: { 200: alertList } } },
    async () => {
      const all = (await alerts.list()).map(toAlertView);
      return {
        alerts: all.filter(({ endedAt }) => endedAt === null),
        recent: all.filter(({ endedAt }) => endedAt !== null),
        webhooks: views(),
      };
    },
  );
  app.post(
    '/v2/alerts/test',
    {
      schema: { summary: 'Send a test to every webhook', response: { 200: testedWebhooks } },
    },
    async () => {
      await webhooks.test();
      return { webhooks: views() };
    },
  );
}

function toWebhookView(
  webhook: Webhook,
  last: { readonly atMs: number; readonly problem: string | undefined } | undefined,
): WebhookView {
  return {
    shape: webhook.shape,
    host: hostOf(webhook),
    deliveredAt: last ? isoTime(last.atMs) : null,
    problem: last?.problem ?? null,
  };
}
