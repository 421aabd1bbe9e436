/** Removed accounts: kept in the trash for a week, restored or deleted for good. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const BUILDER_ID = {
  refreshToken: DEFAULT_ACCOUNT.refreshToken,
  clientId: DEFAULT_ACCOUNT.clientId,
  clientSecret: DEFAULT_ACCOUNT.clientSecret,
};
const DAY_MS = 86_400_000;

async function addAccount({ ask }: AdminGateway): Promise<string> {
  return (await ask('POST', '/v2/accounts', { ...BUILDER_ID, label: 'mine', priority: 3 })).body.account.id;
}

async function chat({ url }: AdminGateway): Promise<number> {
  const body = JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }] });
  return (await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })).status;
}

async function trash({ ask }: AdminGateway): Promise<readonly string[]> {
  return (await ask('GET', '/v2/trash')).body.accounts.map(({ id }) => id);
}

describe('the trash of accounts', () => {
  it('keeps a removed account out of requests, and restores it with its credential and options', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const id = await addAccount(gateway);
    expect(await chat(gateway)).toBe(200);
    await ask('DELETE', `/v2/accounts/${id}`);
    expect(await chat(gateway)).toBe(503);
    expect((await ask('GET', `/v2/accounts/${id}`)).status).toBe(404);
    expect((await ask('DELETE', `/v2/accounts/${id}`)).status).toBe(404);
    const { text, body } = await ask('GET', '/v2/trash');
    const [discarded] = body.accounts;
    expect(discarded).toMatchObject({ id, label: 'mine', kind: 'builder-id' });
    expect(text).not.toContain(DEFAULT_ACCOUNT.refreshToken);

    const restored = await ask('POST', `/v2/accounts/${id}/restore`);
    expect(restored.body.account).toMatchObject({ id, label: 'mine', priority: 3, successes: 1 });
    expect(await trash(gateway)).toEqual([]);
    expect(await chat(gateway)).toBe(200);
    expect((await ask('POST', `/v2/accounts/${id}/restore`)).status).toBe(404);
  });

  it('deletes an account for good on request, from the list and from the trash', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const first = await addAccount(gateway);
    expect((await ask('DELETE', `/v2/accounts/${first}?forget=true`)).body).toEqual({ removed: first, deleted: first });
    expect(await trash(gateway)).toEqual([]);
    const second = await addAccount(gateway);
    await ask('DELETE', `/v2/accounts/${second}`);
    expect(await trash(gateway)).toEqual([second]);
    await ask('DELETE', `/v2/accounts/${second}?forget=true`);
    expect(await trash(gateway)).toEqual([]);
    expect((await ask('POST', `/v2/accounts/${second}/restore`)).status).toBe(404);
  });

  it('deletes an account after seven days', async () => {
    const clock = createFakeClock();
    const gateway = await startAdminGateway({ clock });
    const id = await addAccount(gateway);
    await gateway.ask('DELETE', `/v2/accounts/${id}`);
    const [discarded] = (await gateway.ask('GET', '/v2/trash')).body.accounts;
    expect(discarded).toMatchObject({ deletedAt: new Date(clock.now() + 7 * DAY_MS).toISOString() });
    clock.advance(7 * DAY_MS + 1);
    expect(await trash(gateway)).toEqual([]);
    expect((await gateway.ask('POST', `/v2/accounts/${id}/restore`)).status).toBe(404);
  });

  it('makes a new account when the same sign-in is added again', async () => {
    const gateway = await startAdminGateway();
    const id = await addAccount(gateway);
    await gateway.ask('DELETE', `/v2/accounts/${id}`);
    const again = await gateway.ask('POST', '/v2/accounts', BUILDER_ID);
    expect(again.body.account).toMatchObject({ priority: 0, successes: 0 });
    expect(await trash(gateway)).not.toContain(again.body.account.id);
  });

  it('is named in the audit trail by what was done', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const id = await addAccount(gateway);
    await ask('DELETE', `/v2/accounts/${id}`);
    await ask('POST', `/v2/accounts/${id}/restore`);
    await ask('DELETE', `/v2/accounts/${id}?forget=true`);
    const entries: { entries: readonly { action: string; target: string | null }[] } = JSON.parse(
      (await ask('GET', '/v2/audit')).text,
    );
    const actions = entries.entries.filter(({ target }) => target === id).map(({ action }) => action);
    expect(actions).toEqual(['account.forget', 'account.restore', 'account.remove', 'account.add']);
  });
});
