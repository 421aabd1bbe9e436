/** `GET /v1/usage`: a key sees its own use and limits, and nothing of others. */
import { describe, expect, it, vi } from 'vitest';
import { clientUsage } from '../../src/http/client-usage-contract.ts';
import { startAdminGateway } from '../support/admin.ts';

const ACCOUNT = { DRAGOMAN_KIRO_API_KEY: 'ksk_simulator' };

async function usageOf(url: string, key?: string, path = '/v1/usage') {
  const response = await fetch(`${url}${path}`, { headers: key === undefined ? {} : { 'x-api-key': key } });
  expect(response.status).toBe(200);
  return clientUsage().parse(await response.json());
}

async function chat(url: string, key: string): Promise<void> {
  const body = JSON.stringify({ model: 'claude-haiku-4.5', messages: [{ role: 'user', content: 'Hello' }] });
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  await response.text();
}

describe('the use of a key', () => {
  it('has what is left of each limit, and when it resets', async () => {
    const { url, ask } = await startAdminGateway({ env: ACCOUNT });
    const limits = { requestsPerMinute: 5, concurrency: 2, tokensPerMinute: 100_000, creditsPerDay: 3 };
    const { key, secret } = (await ask('POST', '/v2/keys', { name: 'laptop', ...limits })).body;
    const unused = await usageOf(url, secret);
    expect(unused.key).toMatchObject({ id: key.id, name: 'laptop', prefix: key.prefix, models: null, group: null });
    expect(unused.limits).toMatchObject({
      requestsPerMinute: { limit: 5, used: 0, remaining: 5, resetsAt: null },
      concurrency: { limit: 2, used: 0, remaining: 2, resetsAt: null },
      tokensPerMinute: { limit: 100_000, used: 0, resetsAt: null },
      creditsPerDay: { limit: 3, used: 0, remaining: 3, resetsAt: expect.stringMatching(/T00:00:00.000Z$/) },
      creditsPerMonth: null,
    });
    await chat(url, secret);
    await vi.waitFor(async () => {
      const { requestsPerMinute, concurrency, tokensPerMinute, creditsPerDay } = (await usageOf(url, secret)).limits;
      expect(requestsPerMinute).toMatchObject({ used: 1, remaining: 4, resetsAt: expect.any(String) });
      expect(concurrency?.used).toBe(0);
      expect(tokensPerMinute?.used).toBeGreaterThan(0);
      expect(creditsPerDay?.used).toBeGreaterThan(0);
      expect(creditsPerDay?.remaining).toBeLessThan(3);
    }, 10_000);
    await vi.waitFor(async () => {
      const { today, month, days } = await usageOf(url, secret);
      expect(today).toMatchObject({ requests: 1, errors: 0 });
      expect([today?.outputTokens, today?.credits].every((sum) => sum !== undefined && sum > 0)).toBe(true);
      expect([month, days]).toEqual([today, [{ date: new Date().toISOString().slice(0, 10), ...today }]]);
    }, 10_000);
    const other = (await ask('POST', '/v2/keys', { name: 'other' })).body.secret;
    expect(await usageOf(url, other)).toMatchObject({ today: { requests: 0 }, days: [] });
  });

  it('has no limits for a key of the settings, and for local mode', async () => {
    const { url } = await startAdminGateway({ env: { ...ACCOUNT, DRAGOMAN_API_KEYS: 'from-the-settings' } });
    const { key, limits } = await usageOf(url, 'from-the-settings');
    expect([key.id, key.name]).toEqual([expect.stringMatching(/^key-/), null]);
    expect(new Set(Object.values(limits))).toEqual(new Set([null]));
    const local = await startAdminGateway({ env: ACCOUNT });
    expect((await usageOf(local.url)).key.id).toBe('local');
  });

  it('needs a key, not the admin token', async () => {
    const { url, ask } = await startAdminGateway({ env: ACCOUNT });
    const { secret } = (await ask('POST', '/v2/keys', { name: 'laptop' })).body;
    expect((await ask('GET', '/v1/usage', undefined)).status).toBe(401);
    expect((await fetch(`${url}/v1/usage`)).status).toBe(401);
    for (const path of ['/usage', '/openai/v1/usage', '/v1/v1/usage'])
      expect((await usageOf(url, secret, path)).key.name).toBe('laptop');
  });
});
