/** `GET /v2/models`: the catalogue of each account, and of all together. */
import { describe, expect, it } from 'vitest';
import type { AccountModelsView } from '../../src/http/admin/contract/overview.ts';
import { API_KEY_ACCOUNT, DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';

const BUILDER_ID = {
  refreshToken: DEFAULT_ACCOUNT.refreshToken,
  clientId: DEFAULT_ACCOUNT.clientId,
  clientSecret: DEFAULT_ACCOUNT.clientSecret,
};

async function ofAccounts({ ask }: AdminGateway): Promise<readonly AccountModelsView[]> {
  return JSON.parse((await ask('GET', '/v2/models')).text).accounts;
}

describe('the catalogue of each account', () => {
  it('is fetched in the background, and says which accounts have a model', async () => {
    const gateway = await startAdminGateway();
    const add = async (body: object) => (await gateway.ask('POST', '/v2/accounts', body)).body.account.id;
    const ids = [await add({ ...BUILDER_ID, label: 'one' }), await add({ apiKey: API_KEY_ACCOUNT.accessToken })];
    await expect.poll(async () => (await ofAccounts(gateway)).every(({ models }) => models !== null)).toBe(true);
    const { models } = (await gateway.ask('GET', '/v2/models')).body;
    const accounts = await ofAccounts(gateway);
    expect(accounts.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    for (const { id, models: listed } of accounts) {
      const having = models.filter((model) => model.accounts.includes(id)).map((model) => model.id);
      expect(having.toSorted()).toEqual(listed?.toSorted());
      expect(having).not.toEqual([]);
    }
  });

  it('is not waited for if an account cannot list it, and says why', async () => {
    const gateway = await startAdminGateway();
    await gateway.ask('POST', '/v2/accounts', { ...BUILDER_ID, label: 'good', priority: 5 });
    await gateway.ask('POST', '/v2/accounts', { refreshToken: `aorDEAD${'x'.repeat(120)}`, label: 'dead' });
    await expect
      .poll(async () => (await ofAccounts(gateway)).find(({ label }) => label === 'dead'))
      .toMatchObject({ models: null, isPending: false, error: { code: expect.any(String) } });
    const { models } = (await gateway.ask('GET', '/v2/models')).body;
    expect(models.length).toBeGreaterThan(0);
    expect((await ofAccounts(gateway)).find(({ label }) => label === 'good')?.error).toBeNull();
  });
});
