/** `/v2/keys`, and clients that use the keys. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { createHome } from '../support/command.ts';

async function modelsStatus({ url }: AdminGateway, key?: string): Promise<number> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return (await fetch(`${url}/v1/models`, { headers })).status;
}

describe('client keys', () => {
  it('end local mode, are shown once, are used, and are revoked', async () => {
    const gateway = await startAdminGateway({ env: await withAccount() });
    const { ask } = gateway;
    expect(await modelsStatus(gateway)).toBe(200);
    const made = await ask('POST', '/v2/keys', { name: 'laptop' });
    expect(made.status).toBe(201);
    const { key, secret } = made.body;
    expect(key).toMatchObject({
      name: 'laptop',
      prefix: secret.slice(0, 15),
      state: 'active',
      usable: true,
      lastUsedAt: null,
    });

    expect(await modelsStatus(gateway)).toBe(401);
    expect(await modelsStatus(gateway, 'any')).toBe(401);
    expect(await modelsStatus(gateway, secret)).toBe(200);
    const listed = await ask('GET', '/v2/keys');
    expect(listed.body.keys).toMatchObject([{ id: key.id, lastUsedAt: expect.any(String) }]);
    expect(listed.text).not.toContain(secret);

    const revoked = await ask('DELETE', `/v2/keys/${key.id}`);
    expect(revoked.body.key).toMatchObject({ id: key.id, usable: false, revokedAt: expect.any(String) });
    expect(await modelsStatus(gateway, secret)).toBe(401);
    expect(await modelsStatus(gateway)).toBe(401);

    expect((await ask('DELETE', `/v2/keys/${key.id}?forget=true`)).body).toEqual({ removed: key.id });
    expect((await ask('GET', '/v2/keys')).body).toEqual({ keys: [], budgets: [], configured: 0 });
    expect(await modelsStatus(gateway)).toBe(200);
  });

  it('are listed beside those of the settings, which are only counted', async () => {
    const gateway = await startAdminGateway({
      env: { ...(await withAccount()), DRAGOMAN_API_KEYS: 'marked-one,marked-two' },
    });
    const { secret } = (await gateway.ask('POST', '/v2/keys', { name: 'third' })).body;
    for (const key of ['marked-one', 'marked-two', secret]) expect(await modelsStatus(gateway, key)).toBe(200);
    const { text, body } = await gateway.ask('GET', '/v2/keys');
    expect(body).toMatchObject({ configured: 2, keys: [{ name: 'third' }] });
    expect(text).not.toContain('marked');
  });

  it('are listed with what each has used since a time', async () => {
    const gateway = await startAdminGateway({ env: await withAccount() });
    const { key, secret } = (await gateway.ask('POST', '/v2/keys', { name: 'busy' })).body;
    await gateway.ask('POST', '/v2/keys', { name: 'idle' });
    const body = JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }] });
    const headers = { authorization: `Bearer ${secret}` };
    await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body });
    const useSince = async (from: string, to = '') => {
      const { text } = await gateway.ask('GET', `/v2/keys?from=${from}${to && `&to=${to}`}`);
      return JSON.parse(text).use;
    };
    const used = [{ key: key.id, requests: 1, credits: expect.any(Number) }];
    const dayAgo = new Date(Date.now() - 86_400_000).toISOString();
    const monthAgo = new Date(Date.now() - 30 * 86_400_000).toISOString();
    await expect.poll(() => useSince(dayAgo)).toEqual(used);
    expect(await useSince(monthAgo)).toEqual(used);
    expect(await useSince(monthAgo, dayAgo.replace(/T.*/, 'T00:00:00Z'))).toEqual([]);
    expect((await gateway.ask('GET', '/v2/keys')).body).not.toHaveProperty('use');
    expect((await gateway.ask('GET', '/v2/keys?from=yesterday')).body.error.param).toBe('from');
  });

  it('identify separate clients, by an id that the log contains', async () => {
    const { ask } = await startAdminGateway();
    const ids = [];
    for (const name of ['same', 'same']) ids.push((await ask('POST', '/v2/keys', { name })).body.key.id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^key-[0-9a-f]{12}$/);
  });

  it.each<[string, unknown, string | null]>([
    ['no name', {}, 'name'],
    ['an empty name', { name: ' ' }, 'name'],
    ['a name of two lines', { name: 'a\nb' }, 'name'],
    ['a number', { name: 7 }, 'name'],
    ['no date', { name: 'x', expiresAt: 'soon' }, 'expiresAt'],
    ['a date in the past', { name: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    ['a secret of its own', { name: 'x', secret: 'mine' }, 'secret'],
    ['no body', undefined, null],
  ])('are not created with %s', async (_, body, param) => {
    const { ask } = await startAdminGateway();
    const refused = await ask('POST', '/v2/keys', body);
    expect([refused.status, refused.body.error.param]).toEqual([400, param]);
    expect((await ask('GET', '/v2/keys')).body.keys).toEqual([]);
  });

  it('and the admin token are not in the database', async () => {
    const path = join(createHome(), 'dragoman.db');
    const gateway = await startAdminGateway({ env: { DRAGOMAN_DATABASE_URL: `sqlite:${path}` } });
    const { secret } = (await gateway.ask('POST', '/v2/keys', { name: 'laptop' })).body;
    expect(await modelsStatus(gateway, secret)).toBe(503);
    await gateway.stop();
    const bytes = readFileSync(path, 'latin1');
    expect(bytes).toContain('laptop');
    expect(bytes).not.toContain(secret.slice(16));
    expect(bytes).not.toContain(ADMIN_TOKEN);
  });

  it('are kept if the value of forget is invalid', async () => {
    const { ask } = await startAdminGateway();
    const { key } = (await ask('POST', '/v2/keys', { name: 'x' })).body;
    const refused = await ask('DELETE', `/v2/keys/${key.id}?forget=yes`);
    expect([refused.status, refused.body.error.param]).toEqual([400, 'forget']);
    expect((await ask('GET', '/v2/keys')).body.keys).toHaveLength(1);
  });
});

describe('a client key', () => {
  it('is changed, disabled and enabled, from the next request on', async () => {
    const gateway = await startAdminGateway({ env: await withAccount() });
    const { ask } = gateway;
    const fields = { owner: 'alice', note: 'her laptop', models: ['claude-*'], group: 'team-a' };
    const limits = { requestsPerMinute: 60, concurrency: 4, tokensPerMinute: 9_000, creditsPerDay: 2.5 };
    const made = await ask('POST', '/v2/keys', { name: 'laptop', ...fields, ...limits });
    expect(made.body.key).toMatchObject({ ...fields, ...limits, creditsPerMonth: null, enabled: true });
    const { key, secret } = made.body;

    const changed = await ask('PATCH', `/v2/keys/${key.id}`, { enabled: false, creditsPerMonth: 40, group: null });
    expect(changed.body.key).toMatchObject({ enabled: false, state: 'disabled', creditsPerMonth: 40, group: null });
    expect(changed.body.key).toMatchObject({ ...limits, owner: 'alice' });
    expect(await modelsStatus(gateway, secret)).toBe(401);
    await ask('PATCH', `/v2/keys/${key.id}`, { enabled: true, expiresAt: '2099-01-01T00:00:00Z' });
    expect(await modelsStatus(gateway, secret)).toBe(200);
  });

  it('is rotated: both secrets work in the grace period, and without one only the new secret', async () => {
    const gateway = await startAdminGateway({ env: await withAccount() });
    const { ask } = gateway;
    const made = (await ask('POST', '/v2/keys', { name: 'laptop' })).body;
    const rotated = (await ask('POST', `/v2/keys/${made.key.id}/rotate`)).body;
    expect(rotated.key).toMatchObject({ id: made.key.id, previousSecretUntil: expect.any(String) });
    for (const secret of [made.secret, rotated.secret]) expect(await modelsStatus(gateway, secret)).toBe(200);
    const again = (await ask('POST', `/v2/keys/${made.key.id}/rotate`, { graceSeconds: 0 })).body;
    expect(again.key.previousSecretUntil).toBeNull();
    const statuses = [];
    for (const secret of [made.secret, rotated.secret, again.secret])
      statuses.push(await modelsStatus(gateway, secret));
    expect(statuses).toEqual([401, 401, 200]);
  });

  it.each<[string, string, string, unknown, number, string | null]>([
    ['an unknown field', 'PATCH', '', { colour: 'red' }, 400, 'colour'],
    ['a limit below its range', 'PATCH', '', { concurrency: 0 }, 400, 'concurrency'],
    ['no name', 'PATCH', '', { name: null }, 400, 'name'],
    ['a grace period below zero', 'POST', '/rotate', { graceSeconds: -1 }, 400, 'graceSeconds'],
  ])('is not changed by a request with %s', async (_, method, below, body, status, param) => {
    const { ask } = await startAdminGateway();
    const { key } = (await ask('POST', '/v2/keys', { name: 'laptop' })).body;
    const refused = await ask(method, `/v2/keys/${key.id}${below}`, body);
    expect([refused.status, refused.body.error.param]).toEqual([status, param]);
    expect((await ask('GET', '/v2/keys')).body.keys).toEqual([key]);
  });

  it('that does not exist cannot be changed or rotated', async () => {
    const { ask } = await startAdminGateway();
    expect((await ask('PATCH', '/v2/keys/key-none', { enabled: false })).status).toBe(404);
    expect((await ask('POST', '/v2/keys/key-none/rotate')).status).toBe(404);
  });
});

async function withAccount(): Promise<Record<string, string>> {
  return { DRAGOMAN_KIRO_API_KEY: 'ksk_simulator' };
}
