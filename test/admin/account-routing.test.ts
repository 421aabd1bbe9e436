/** What the admin API shows about the way of an account's requests: wire profile, proxy, and why it was skipped. */
import { describe, expect, it } from 'vitest';
import type { AccountAnswer, TestedProxy } from '../../src/http/admin/contract/account.ts';
import { API_KEY_ACCOUNT, DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { PROXY_PASSWORD, startHttpProxy } from '../support/proxies.ts';

const BUILDER_ID = {
  refreshToken: DEFAULT_ACCOUNT.refreshToken,
  clientId: DEFAULT_ACCOUNT.clientId,
  clientSecret: DEFAULT_ACCOUNT.clientSecret,
};

async function addAccount({ ask }: AdminGateway, body: object = BUILDER_ID): Promise<string> {
  return (await ask('POST', '/v2/accounts', body)).body.account.id;
}

async function read({ ask }: AdminGateway, id: string): Promise<AccountAnswer> {
  return JSON.parse((await ask('GET', `/v2/accounts/${id}`)).text);
}

async function chat({ url }: AdminGateway): Promise<number> {
  const body = JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }] });
  return (await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })).status;
}

async function testProxy({ ask }: AdminGateway, id: string, body?: object): Promise<TestedProxy> {
  return JSON.parse((await ask('POST', `/v2/accounts/${id}/proxy-test`, body)).text);
}

describe('an account', () => {
  it('says why the last request went to another one', async () => {
    const gateway = await startAdminGateway();
    const id = await addAccount(gateway);
    expect((await read(gateway, id)).lastSkip).toBeNull();
    await addAccount(gateway, { apiKey: API_KEY_ACCOUNT.accessToken, priority: 5 });
    expect(await chat(gateway)).toBe(200);
    expect((await read(gateway, id)).lastSkip).toEqual({ reason: 'priority', at: expect.any(String), until: null });
    await gateway.ask('PATCH', `/v2/accounts/${id}`, { enabled: false });
    expect(await chat(gateway)).toBe(200);
    expect((await read(gateway, id)).lastSkip).toMatchObject({ reason: 'disabled' });
  });

  it('shows its wire profile, and whether a setting chose it', async () => {
    const usual = await startAdminGateway();
    const id = await addAccount(usual);
    const { wireProfile } = await read(usual, id);
    expect(wireProfile).toEqual({ id: expect.any(String), reason: 'default', until: null });
    const forced = await startAdminGateway({ env: { DRAGOMAN_WIRE_PROFILE: 'codewhisperer-legacy' } });
    expect((await read(forced, await addAccount(forced))).wireProfile).toEqual({
      id: 'codewhisperer-legacy',
      reason: 'setting',
      until: null,
    });
  });
});

describe('the test of a proxy', () => {
  it('answers whether the service can be reached, without saving the proxy', async () => {
    const gateway = await startAdminGateway();
    const id = await addAccount(gateway);
    const without = await testProxy(gateway, id);
    expect(without).toEqual({
      ok: true,
      origin: new URL(gateway.simulator.url).origin,
      proxy: null,
      durationMs: expect.any(Number),
      error: null,
    });
    const proxy = await startHttpProxy(Number(new URL(gateway.simulator.url).port));
    const through = await testProxy(gateway, id, { proxy: proxy.url });
    expect(through).toMatchObject({ ok: true, proxy: expect.stringContaining('••••@') });
    expect(proxy.seen).toHaveLength(1);
    expect(JSON.stringify(through)).not.toContain(PROXY_PASSWORD);
    expect((await read(gateway, id)).proxy).toBeNull();
  });

  it('answers with the reason if the proxy does not work', async () => {
    const gateway = await startAdminGateway();
    const id = await addAccount(gateway);
    const closed = await testProxy(gateway, id, { proxy: 'http://me:marked-pass@127.0.0.1:1' });
    expect(closed).toMatchObject({ ok: false, proxy: 'http://••••@127.0.0.1:1', error: { code: expect.any(String) } });
    expect(JSON.stringify(closed)).not.toContain('marked-pass');
    const proxy = await startHttpProxy(Number(new URL(gateway.simulator.url).port));
    const wrong = new URL(proxy.url);
    wrong.password = 'wrong';
    expect(await testProxy(gateway, id, { proxy: wrong.href.replace(/\/$/, '') })).toMatchObject({ ok: false });
    const invalid = await gateway.ask('POST', `/v2/accounts/${id}/proxy-test`, { proxy: 'ftp://nowhere' });
    expect([invalid.status, invalid.body.error.param]).toEqual([400, 'proxy']);
    expect((await gateway.ask('POST', '/v2/accounts/unknown/proxy-test')).status).toBe(404);
  });
});
