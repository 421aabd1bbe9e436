/** Alerts of a whole gateway, with a receiver of webhooks on this machine. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ADMIN_TOKEN, startAdminGateway } from '../support/admin.ts';

interface Received {
  readonly path: string;
  readonly userAgent: string;
  readonly body: Record<string, unknown>;
}

async function startReceiver() {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    received.push({
      path: request.url ?? '',
      userAgent: request.headers['user-agent'] ?? '',
      body: JSON.parse(text),
    });
    response.end('ok');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  return { received, host: `127.0.0.1:${port}` };
}

const SECRET = 'marked-secret-path';
/** Unknown to the simulator, so the service rejects it. */
const ACCOUNT = { apiKey: 'ksk_marked_secret_of_this_test', label: 'work' };

describe('an account that is signed out', () => {
  it('is an alert in the API, the events and the webhooks, once, without secrets', { timeout: 60_000 }, async () => {
    const { received, host } = await startReceiver();
    const gateway = await startAdminGateway({
      env: {
        DRAGOMAN_FETCH_ALLOWED_HOSTS: host,
        DRAGOMAN_ALERT_WEBHOOKS: `http://${host}/${SECRET},slack:http://${host}/slack-${SECRET}`,
      },
    });
    const { ask, url } = gateway;
    const leaving = new AbortController();
    onTestFinished(() => leaving.abort());
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const stream = await fetch(`${url}/v2/events`, { headers, signal: leaving.signal });
    let events = '';
    const reading = async () => {
      for await (const text of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) events += text;
    };
    reading().catch(() => {});
    const { account } = (await ask('POST', '/v2/accounts', ACCOUNT)).body;
    const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'marked-text' }] });
    await fetch(`${url}/v1/chat/completions`, { method: 'POST', body });
    const list = async () => JSON.parse((await ask('GET', '/v2/alerts')).text);
    await expect.poll(async () => (await list()).alerts.length, { timeout: 20_000, interval: 300 }).toBe(1);
    const { alerts, webhooks } = await list();
    expect(alerts[0]).toMatchObject({ type: 'account-signed-out', subject: { kind: 'account', id: account.id } });
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2);
    expect(received.map(({ path }) => path).toSorted()).toEqual([`/${SECRET}`, `/slack-${SECRET}`]);
    const slack = received.find(({ path }) => path.startsWith('/slack'));
    expect(slack?.body).toEqual({ text: expect.stringContaining('Account work must sign in again') });
    expect(slack?.userAgent).toMatch(/^dragoman\//);
    await expect.poll(() => events, { timeout: 10_000 }).toContain('event: alert');
    expect(webhooks.map(({ shape, host: shown }: { shape: string; host: string }) => [shape, shown])).toEqual([
      ['json', host],
      ['slack', host],
    ]);
    const everything = JSON.stringify([alerts, webhooks, received.map((one) => one.body), events]);
    for (const canary of [SECRET, ACCOUNT.apiKey, ADMIN_TOKEN, 'marked-text']) expect(everything).not.toContain(canary);
    const settings = (await ask('GET', '/v2/settings')).text;
    expect(settings).toContain(`slack:http://${host}/••••••••`);
    expect(settings).not.toContain(SECRET);
  });
});

describe('webhooks', () => {
  it('can be set and tested while the gateway runs, and must be public or allow-listed', async () => {
    const { received, host } = await startReceiver();
    const { host: inner } = await startReceiver();
    const gateway = await startAdminGateway({ env: { DRAGOMAN_FETCH_ALLOWED_HOSTS: host } });
    const { ask } = gateway;
    const webhooks = `feishu:http://${host}/${SECRET},http://${inner}/${SECRET},http://169.254.169.254/latest`;
    const changed = await ask('PATCH', '/v2/settings', { settings: { DRAGOMAN_ALERT_WEBHOOKS: webhooks } });
    expect([changed.status, changed.text.includes(SECRET)]).toEqual([200, false]);
    const tested = await ask('POST', '/v2/alerts/test');
    expect(JSON.parse(tested.text).webhooks).toMatchObject([
      { shape: 'feishu', host, problem: null },
      { shape: 'json', host: inner, problem: expect.stringMatching(/port|private/) },
      { shape: 'json', host: '169.254.169.254', problem: 'it leads to a private or reserved network' },
    ]);
    expect(received.map((one) => one.body)).toEqual([
      { msg_type: 'text', content: { text: 'dragoman: this is a test of the alerts.' } },
    ]);
    const audit = (await ask('GET', '/v2/audit')).text;
    expect(audit).toContain('DRAGOMAN_ALERT_WEBHOOKS');
    expect(audit).not.toContain(SECRET);
    for (const value of [
      'ftp://x.example/',
      'telegram:https://x.example',
      'https://',
      Array(11).fill('https://x.example/').join(),
    ])
      expect((await ask('PATCH', '/v2/settings', { settings: { DRAGOMAN_ALERT_WEBHOOKS: value } })).status).toBe(400);
  });
});
