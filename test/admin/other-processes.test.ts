/** The admin API and the status right after another process has changed accounts in the same database. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { startAdminGateway } from '../support/admin.ts';
import { createHome, startCommand } from '../support/command.ts';
import { createTestDatabase } from '../support/postgres.ts';

const DATABASES: readonly [string, () => Promise<string>][] = [
  ['SQLite', async () => `sqlite:${join(createHome(), `${randomUUID()}.db`)}`],
  [
    'PostgreSQL',
    async () => {
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      return database.url;
    },
  ],
];

const CREDENTIAL = {
  refreshToken: DEFAULT_ACCOUNT.refreshToken,
  clientId: DEFAULT_ACCOUNT.clientId,
  clientSecret: DEFAULT_ACCOUNT.clientSecret,
};

describe.each(DATABASES)('with %s', (_name, createDatabase) => {
  async function start() {
    const env = { DRAGOMAN_DATABASE_URL: await createDatabase(), DRAGOMAN_SECRET_KEY: 'k'.repeat(32) };
    const one = await startAdminGateway({ env });
    const other = await startAdminGateway({ env, simulator: one.simulator });
    const command = (...args: string[]) => startCommand(args, env).end();
    const { id } = (await one.ask('POST', '/v2/accounts', { ...CREDENTIAL, label: 'first' })).body.account;
    return { one, other, command, id };
  }

  async function health(url: string): Promise<unknown> {
    return z.object({ accounts: z.unknown() }).parse(await (await fetch(`${url}/health`)).json()).accounts;
  }

  it('shows an account as soon as another gateway has added, changed or removed it', async () => {
    const { one, other, id } = await start();
    expect((await other.ask('GET', '/v2/accounts')).body.accounts).toMatchObject([{ id, label: 'first' }]);
    for (let i = 0; i < 20; i++) {
      const label = `label ${i}`;
      const [writer, reader] = i % 2 === 0 ? [one, other] : [other, one];
      await writer.ask('PATCH', `/v2/accounts/${id}`, { label, enabled: i % 4 < 2 });
      const shown = (await reader.ask('GET', `/v2/accounts/${id}`)).body.account;
      expect(shown).toMatchObject({ label, enabled: i % 4 < 2 });
    }
    await one.ask('DELETE', `/v2/accounts/${id}`);
    expect((await other.ask('GET', '/v2/accounts')).body.accounts).toEqual([]);
    expect((await other.ask('PATCH', `/v2/accounts/${id}`, { label: 'x' })).status).toBe(404);
  });

  it('keeps changes of a command in PATCH, and returns them', { timeout: 40_000 }, async () => {
    const { one, command, id } = await start();
    const set = await command('accounts', 'set', id, '--label', 'by hand', '--weight', '7');
    expect([set.code, set.err]).toEqual([0, '']);
    const { account } = (await one.ask('PATCH', `/v2/accounts/${id}`, { priority: 3 })).body;
    expect(account).toMatchObject({ label: 'by hand', weight: 7, priority: 3 });
    expect((await one.ask('GET', `/v2/accounts/${id}`)).body.account).toEqual(account);
  });

  it('keeps each of several options that both gateways change at the same time', async () => {
    const { one, other, id } = await start();
    const change = (gateway: typeof one, part: object) => gateway.ask('PATCH', `/v2/accounts/${id}`, part);
    for (let round = 1; round <= 5; round++) {
      const parts = [{ priority: round }, { weight: round + 1 }, { groups: [`g${round}`] }, { label: `l${round}` }];
      await Promise.all(parts.map((part, at) => change(at % 2 === 0 ? one : other, part)));
      for (const { ask } of [one, other])
        expect((await ask('GET', `/v2/accounts/${id}`)).body.account).toMatchObject(Object.assign({}, ...parts));
    }
  });

  it('records in the audit trail only what the request itself has changed', async () => {
    const { one, other, id } = await start();
    const { key } = (await one.ask('POST', '/v2/keys', { name: 'laptop' })).body;
    await other.ask('GET', '/v2/keys');
    const pairs: [string, object, object][] = [
      [`/v2/accounts/${id}`, { label: 'second' }, { weight: 7 }],
      [`/v2/keys/${key?.id}`, { name: 'phone' }, { note: 'a note' }],
      ['/v2/settings', { settings: { DRAGOMAN_ALERT_ERROR_PERCENT: 33 } }, { settings: { DRAGOMAN_AUDIT_DAYS: 9 } }],
    ];
    const fields: string[][] = [];
    for (const [path, ofOne, ofOther] of pairs) {
      await one.ask('PATCH', path, ofOne);
      await other.ask('PATCH', path, ofOther);
      const { entries } = JSON.parse((await other.ask('GET', '/v2/audit?limit=1')).text);
      fields.push(entries[0].changes.map(({ field }: { field: string }) => field));
    }
    expect(fields).toEqual([['weight'], ['note'], ['DRAGOMAN_AUDIT_DAYS']]);
  });

  it('needs a key as long as one gateway has one', async () => {
    const { one, other } = await start();
    const keyless = async (headers = {}) =>
      Promise.all([one, other].map(async ({ url }) => (await fetch(`${url}/v1/models`, { headers })).status));
    await other.ask('GET', '/v2/accounts');
    expect(await keyless()).toEqual([200, 200]);
    const { key } = (await one.ask('POST', '/v2/keys', { name: 'laptop' })).body;
    await expect.poll(() => keyless()).toEqual([401, 401]);
    await one.ask('DELETE', `/v2/keys/${key?.id}?forget=true`);
    await expect.poll(() => keyless({ origin: 'https://elsewhere.example' })).toEqual([403, 403]);
    expect(await keyless()).toEqual([200, 200]);
  });

  it('shows a setting as soon as another gateway has changed it', async () => {
    const { one, other } = await start();
    await one.ask('PATCH', '/v2/settings', { settings: { DRAGOMAN_LOG_LEVEL: 'fatal' } });
    const { settings } = (await other.ask('GET', '/v2/settings')).body;
    expect(settings.find(({ name }) => name === 'DRAGOMAN_LOG_LEVEL')).toMatchObject({ value: 'fatal' });
  });

  it('counts accounts that a command disabled or removed in /health', { timeout: 40_000 }, async () => {
    const { one, command, id } = await start();
    // It waits a limited time for the database, then answers from its cache.
    expect(await health(one.url)).toEqual({ ready: 1, total: 1 });
    await command('accounts', 'disable', id);
    await expect.poll(() => health(one.url)).toEqual({ ready: 0, total: 1 });
    await command('accounts', 'remove', id, '--yes');
    await expect.poll(() => health(one.url)).toEqual({ ready: 0, total: 0 });
  });
});
