/** `/v2/activity`: what the overview of the console shows, from what the ledger has recorded. */
import { describe, expect, it, vi } from 'vitest';
import type { ActivityView } from '../../src/http/admin/contract/activity.ts';
import { DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';

async function activityOf({ ask }: AdminGateway, query = ''): Promise<ActivityView> {
  const { status, text } = await ask('GET', `/v2/activity${query}`);
  expect(status).toBe(200);
  return JSON.parse(text);
}

async function start(env: Record<string, string> = {}) {
  const gateway = await startAdminGateway({ env: { DRAGOMAN_API_KEYS: 'sk-other', ...env } });
  const { refreshToken, clientId, clientSecret } = DEFAULT_ACCOUNT;
  await gateway.ask('POST', '/v2/accounts', { refreshToken, clientId, clientSecret, label: 'work' });
  const made = await gateway.ask('POST', '/v2/keys', { name: 'ci' });
  const chat = async (model: string, key = made.body.secret) => {
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'user-agent': 'codex_cli_rs/0.63.0' },
      body: JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'hello there' }] }),
    });
    await response.text();
  };
  return { gateway, chat, key: made.body.key };
}

async function waitForRequests(gateway: AdminGateway, count: number, query = '') {
  return vi.waitFor(
    async () => {
      const activity = await activityOf(gateway, query);
      expect(activity.totals.requests).toBe(count);
      return activity;
    },
    { timeout: 5_000 },
  );
}

describe('the activity', () => {
  it('of a gateway without requests has its accounts and no figures', async () => {
    const { gateway } = await start();
    expect(await activityOf(gateway)).toMatchObject({
      isRecorded: true,
      span: 'hour',
      totals: { requests: 0, errors: 0, credits: 0 },
      ...{ buckets: [], keys: [], models: [], clients: [], failing: [], slowest: [], budgets: [] },
      firstByte: null,
      accounts: [{ label: 'work', status: 'ready', until: null }],
    });
  });

  it.each([
    ['hour', ''],
    ['minute', `?from=${new Date(Date.now() - 600_000).toISOString()}`],
  ])('adds requests up by the %s, names keys, and has what fails and what is slow', async (span, query) => {
    const { gateway, chat, key } = await start();
    await chat('claude-sonnet-4.5');
    await chat('gpt-99');
    const activity = await waitForRequests(gateway, 2, query);
    expect(activity.span).toBe(span);
    expect(activity.totals).toMatchObject({ errors: 1, inputTokens: expect.any(Number) });
    expect(activity.totals.credits).toBeGreaterThan(0);
    expect(new Set(activity.buckets.map(({ group }) => group))).toEqual(new Set(['claude-sonnet-4.5', 'gpt-99']));
    expect(activity.keys).toMatchObject([{ group: key.id, label: 'ci', requests: 2, errors: 1 }]);
    expect(activity.clients).toMatchObject([{ group: 'codex', label: null, requests: 2 }]);
    expect(activity.failing).toEqual([{ code: 'unknown_model', requests: 1 }]);
    expect(activity.slowest).toMatchObject([{ model: 'claude-sonnet-4.5', outcome: 'ok' }]);
    expect(activity.firstByte).toMatchObject({ replies: 1 });
  });

  it('warns of budgets of which most is used', async () => {
    const { gateway, chat, key } = await start();
    await gateway.ask('PATCH', `/v2/keys/${key.id}`, { creditsPerMonth: 0.01 });
    await chat('claude-opus-4.5');
    const { budgets } = await waitForRequests(gateway, 1);
    const budget = { key: key.id, name: 'ci', period: 'month', used: expect.any(Number), limit: 0.01 };
    expect(budgets).toMatchObject([{ ...budget, resetsAt: expect.stringMatching(/-01T00:00:00.000Z$/) }]);
    expect(budgets[0]?.usedAtReset).toBeGreaterThan(budgets[0]?.used ?? 0);
    expect((await gateway.ask('GET', '/v2/keys')).body).toMatchObject({
      budgets: [{ ...budget, usedUpAt: expect.any(String) }],
    });
  });

  it('says when the plans reset and at which rate they are used', async () => {
    const { gateway, chat } = await start();
    await gateway.ask('GET', '/v2/usage');
    await chat('claude-sonnet-4.5');
    const { plans, totals } = await waitForRequests(gateway, 1);
    expect(plans).toMatchObject([{ label: 'work', left: expect.any(Number), resetsAt: expect.any(String) }]);
    expect(plans[0]?.creditsPerDay).toBeCloseTo(totals.credits);
    expect(plans[0]?.usedAtReset).toBeGreaterThan(plans[0]?.used ?? Number.NaN);
  });

  it('can be grouped by account', async () => {
    const { gateway, chat } = await start();
    await chat('claude-sonnet-4.5');
    const { buckets } = await waitForRequests(gateway, 1, '?group=account');
    expect(buckets).toMatchObject([{ label: 'work', requests: 1 }]);
  });

  it('says that nothing is recorded while the ledger is off', async () => {
    const { gateway } = await start({ DRAGOMAN_LEDGER: 'no' });
    expect(await activityOf(gateway)).toMatchObject({ isRecorded: false, accounts: [{ label: 'work' }] });
  });
});
