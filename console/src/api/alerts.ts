/** Conditions that need attention, and the webhooks that are told. */
import { queryOptions } from '@tanstack/react-query';
import type { AlertView, WebhookView } from '../../../src/http/admin/contract/alerts.ts';
import { ALERTS_KEY } from './keys.ts';
import { queryClient } from './query-client.ts';
import { get, post } from './request.ts';

export type Alert = AlertView;
export type Webhook = WebhookView;

export interface AlertList {
  /** Those that hold, newest first. */
  readonly alerts: readonly AlertView[];
  readonly recent: readonly AlertView[];
  readonly webhooks: readonly WebhookView[];
}

export const alertsQuery = queryOptions({
  queryKey: ALERTS_KEY,
  queryFn: ({ signal }) => get<AlertList>('/v2/alerts', { signal }),
});

/** Rejects with ApiError. What went wrong with a single webhook is in the list. */
export async function testWebhooks(): Promise<void> {
  const { webhooks } = await post<Pick<AlertList, 'webhooks'>>('/v2/alerts/test');
  queryClient.setQueryData<AlertList>(ALERTS_KEY, (list) => list && { ...list, webhooks });
}
