import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { SILENT } from '../../core/log.ts';
import { RequestRecord } from '../request-record.ts';
import { ErrorRate } from './error-rate.ts';
import type { Alert, PostJson } from './ports.ts';
import { type Notice, readWebhook, refusalOf, toWebhookBody } from './webhook-message.ts';
import { hostOf, Webhooks } from './webhooks.ts';

const ALERT: Alert = {
  id: 'account-signed-out:aws-1',
  type: 'account-signed-out',
  severity: 'critical',
  subject: { kind: 'account', id: 'aws-1', label: 'work' },
  message: 'Account work must sign in again: run "dragoman login".',
  beganAtMs: Date.UTC(2027, 0, 1),
  endedAtMs: undefined,
};
const NOTICE: Notice = { type: 'alert', alert: ALERT };

describe('the message of an alert', () => {
  it('has the shape of each receiver', () => {
    const text = 'dragoman: Account work must sign in again: run "dragoman login".';
    expect(toWebhookBody(NOTICE, 'slack')).toEqual({ text });
    expect(toWebhookBody(NOTICE, 'feishu')).toEqual({ msg_type: 'text', content: { text } });
    expect(toWebhookBody(NOTICE, 'dingtalk')).toEqual({ msgtype: 'text', text: { content: text } });
    expect(toWebhookBody(NOTICE, 'json')).toEqual({
      ...{ source: 'dragoman', text, event: 'alert', state: 'begun', id: ALERT.id, type: ALERT.type },
      ...{ severity: 'critical', subject: ALERT.subject, message: ALERT.message },
      ...{ beganAt: '2027-01-01T00:00:00.000Z', endedAt: null },
    });
    const ended = { type: 'alert', alert: { ...ALERT, endedAtMs: Date.UTC(2027, 0, 2) } } as const;
    expect(toWebhookBody(ended, 'json')).toMatchObject({ state: 'ended', endedAt: '2027-01-02T00:00:00.000Z' });
    expect(toWebhookBody(ended, 'slack')).toMatchObject({ text: expect.stringMatching(/^dragoman: resolved: /) });
    expect(toWebhookBody({ type: 'test' }, 'json')).toMatchObject({ event: 'test' });
  });

  it('is refused by a status, or by a code in the answer', () => {
    expect(refusalOf('json', 204, '')).toBeUndefined();
    expect(refusalOf('slack', 404, 'no_service')).toBe('the receiver responded with 404');
    expect(refusalOf('dingtalk', 200, '{"errcode":0,"errmsg":"ok"}')).toBeUndefined();
    expect(refusalOf('dingtalk', 200, '{"errcode":310000}')).toBe('the receiver responded with code 310000');
    expect(refusalOf('feishu', 200, '{"StatusCode":0,"code":0}')).toBeUndefined();
    expect(refusalOf('feishu', 200, '{"code":19024}')).toBe('the receiver responded with code 19024');
  });

  it.each([
    ['https://hooks.example/T0/secret', 'json', 'https://hooks.example/T0/secret'],
    ['slack:https://hooks.slack.com/services/secret', 'slack', 'https://hooks.slack.com/services/secret'],
    [
      'dingtalk:https://oapi.dingtalk.com/robot/send?access_token=secret',
      'dingtalk',
      'https://oapi.dingtalk.com/robot/send?access_token=secret',
    ],
  ])('goes to %s', (written, shape, url) => {
    expect(readWebhook(written)).toEqual({ shape, url });
    expect(hostOf(readWebhook(written))).not.toContain('secret');
  });
});

function createWebhooks(post: PostJson, urls = ['https://one.example/secret']) {
  const clock = createFakeClock();
  const settings = { urls };
  const warnings: object[] = [];
  const log = {
    ...SILENT,
    warn: (fields: object) => void warnings.push(fields),
    error: (fields: object) => void warnings.push(fields),
  };
  const listed = () => settings.urls.map(readWebhook);
  const webhooks = new Webhooks({ webhooks: listed, post, clock, log });
  return { clock, settings, warnings, webhooks, listed };
}

describe('webhooks', () => {
  it('are tried again for a bounded time, then given up', async () => {
    let posts = 0;
    const { clock, warnings, webhooks } = createWebhooks(async () => {
      posts += 1;
      throw new Error('the receiver is unreachable (ECONNREFUSED)');
    });
    webhooks.send(NOTICE);
    await expect.poll(() => posts).toBe(5);
    expect(clock.sleeps).toEqual([5_000, 30_000, 120_000, 600_000]);
    await expect.poll(() => warnings.length).toBe(5);
    expect(JSON.stringify(warnings)).not.toContain('secret');
    expect(warnings[0]).toMatchObject({ host: 'one.example', why: 'the receiver is unreachable (ECONNREFUSED)' });
  });

  it('get alerts in order, each on its own', async () => {
    const bodies: string[] = [];
    let failures = 2;
    const { webhooks } = createWebhooks(
      async (url, json) => {
        if (url.includes('two') && failures-- > 0) return { status: 503, text: '' };
        bodies.push(`${new URL(url).host} ${JSON.parse(json).text}`);
        return { status: 200, text: 'ok' };
      },
      ['https://one.example/', 'slack:https://two.example/'],
    );
    for (const message of ['first', 'second']) webhooks.send({ type: 'alert', alert: { ...ALERT, message } });
    await expect.poll(() => bodies.length).toBe(4);
    expect(bodies.filter((body) => body.startsWith('one'))).toEqual([
      'one.example dragoman: first',
      'one.example dragoman: second',
    ]);
    expect(bodies.filter((body) => body.startsWith('two'))).toEqual([
      'two.example dragoman: first',
      'two.example dragoman: second',
    ]);
  });

  it('have a bounded queue', async () => {
    const first = Promise.withResolvers<{ status: number; text: string }>();
    const texts: string[] = [];
    const { webhooks, warnings } = createWebhooks((_url, json) => {
      texts.push(JSON.parse(json).message);
      return texts.length === 1 ? first.promise : Promise.resolve({ status: 200, text: '' });
    });
    for (let count = 0; count < 150; count++)
      webhooks.send({ type: 'alert', alert: { ...ALERT, message: `${count}` } });
    expect(warnings).toHaveLength(49);
    first.resolve({ status: 200, text: '' });
    await expect.poll(() => texts.length).toBe(101);
    expect([texts[0], texts[1], texts.at(-1)]).toEqual(['0', '50', '149']);
  });

  it('that were removed from the settings get nothing more', async () => {
    let posts = 0;
    const { settings, webhooks } = createWebhooks(async () => {
      posts += 1;
      settings.urls = [];
      return { status: 500, text: '' };
    });
    webhooks.send(NOTICE);
    await expect.poll(() => posts).toBe(1);
    webhooks.send(NOTICE);
    await new Promise((resolve) => setImmediate(resolve));
    expect(posts).toBe(1);
  });

  it('can be tested', async () => {
    const { webhooks, listed } = createWebhooks(
      async (url) => ({ status: url.includes('two') ? 404 : 200, text: '' }),
      ['https://one.example/', 'https://two.example/'],
    );
    expect((await webhooks.test()).map(({ problem }) => problem)).toEqual([
      undefined,
      'the receiver responded with 404',
    ]);
    expect(listed().map((webhook) => webhooks.lastDelivery(webhook)?.problem)).toEqual([
      undefined,
      'the receiver responded with 404',
    ]);
  });
});

describe('the error rate', () => {
  it('is that of the replies of the last five minutes', () => {
    const clock = createFakeClock();
    const rate = new ErrorRate(() => clock.now());
    const end = (status: number, kind: RequestRecord['kind'] = 'reply') => {
      const record = new RequestRecord('req_1', clock.now());
      Object.assign(record, { kind, status });
      rate.observe(record);
    };
    end(200);
    end(502);
    end(502, 'models');
    clock.advance(60_000);
    end(200);
    expect(rate.sum()).toEqual({ requests: 3, failed: 1, minutes: 5 });
    clock.advance(240_000);
    expect(rate.sum()).toEqual({ requests: 1, failed: 0, minutes: 5 });
    clock.advance(3_600_000);
    expect(rate.sum()).toEqual({ requests: 0, failed: 0, minutes: 5 });
  });
});
