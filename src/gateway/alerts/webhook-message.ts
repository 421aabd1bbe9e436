/** Alerts in the shapes that the receivers of webhooks expect. */
import { isoTime } from '../../core/times.ts';
import type { Alert, Webhook, WebhookShape } from './ports.ts';

/** What is sent: an alert that has begun or ended, or a test. */
export type Notice = { readonly type: 'alert'; readonly alert: Alert } | { readonly type: 'test' };

/** `slack:https://…`; without a shape, `json`. */
export function readWebhook(written: string): Webhook {
  const [, shape = 'json', url = written] = /^(json|slack|feishu|dingtalk):(https?:\/\/.*)$/.exec(written) ?? [];
  return { shape: shape as WebhookShape, url }; // The pattern has these alone.
}

/**
 * Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/, Feishu:
 * https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot, DingTalk:
 * https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages. Their texts begin with `dragoman`, which
 * serves as the keyword that the latter two may demand.
 */
export function toWebhookBody(notice: Notice, shape: WebhookShape): object {
  const text = `dragoman: ${textOf(notice)}`;
  switch (shape) {
    case 'json':
      return { source: 'dragoman', text, ...fieldsOf(notice) };
    case 'slack':
      return { text };
    case 'feishu':
      return { msg_type: 'text', content: { text } };
    case 'dingtalk':
      return { msgtype: 'text', text: { content: text } };
  }
}

/** Feishu and DingTalk report failures with status 200. undefined: accepted. */
export function refusalOf(shape: WebhookShape, status: number, text: string): string | undefined {
  if (status < 200 || status >= 300) return `the receiver responded with ${status}`;
  if (shape !== 'feishu' && shape !== 'dingtalk') return undefined;
  const code = /"(?:code|StatusCode|errcode)"\s*:\s*(-?\d{1,10})/.exec(text)?.[1];
  return code === undefined || Number(code) === 0 ? undefined : `the receiver responded with code ${code}`;
}

function textOf(notice: Notice): string {
  if (notice.type === 'test') return 'this is a test of the alerts.';
  const { message, endedAtMs } = notice.alert;
  return endedAtMs === undefined ? message : `resolved: ${message}`;
}

function fieldsOf(notice: Notice): object {
  if (notice.type === 'test') return { event: 'test' };
  const { id, type, severity, subject, message, beganAtMs, endedAtMs } = notice.alert;
  return {
    event: 'alert',
    state: endedAtMs === undefined ? 'begun' : 'ended',
    ...{ id, type, severity, subject: subject ?? null, message },
    beganAt: isoTime(beganAtMs),
    endedAt: endedAtMs === undefined ? null : isoTime(endedAtMs),
  };
}
