/** Every change of the admin API and of the commands is in the audit trail: who, what, before and after, no secret. */
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { AuditEntryView } from '../../src/http/admin/contract/audit.ts';
import { ADMIN_TOKEN, type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { ADMIN_ROUTES } from '../support/admin-routes.ts';
import { createHome, runCommand, startCommand } from '../support/command.ts';

async function entriesOf({ ask }: Pick<AdminGateway, 'ask'>, query = ''): Promise<readonly AuditEntryView[]> {
  return JSON.parse((await ask('GET', `/v2/audit${query}`)).text).entries;
}

const KEY = { apiKey: 'ksk_marked_secret_of_this_test', label: 'work' };

describe('the audit trail of the admin API', () => {
  it('has who changed what, before and after', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const added = await ask('POST', '/v2/accounts', KEY);
    const id = added.body.account.id;
    await ask('PATCH', `/v2/accounts/${id}`, { label: 'renamed', priority: 5 });
    await ask('PATCH', `/v2/accounts/${id}`, { enabled: false });
    await ask('DELETE', `/v2/accounts/${id}`);
    const entries = await entriesOf(gateway);
    expect(entries.map(({ action, target }) => [action, target])).toEqual([
      ['account.remove', id],
      ['account.change', id],
      ['account.change', id],
      ['account.add', id],
    ]);
    expect(entries[1]?.changes).toEqual([{ field: 'enabled', before: true, after: false }]);
    expect(entries[2]?.changes).toEqual([
      { field: 'label', before: 'work', after: 'renamed' },
      { field: 'priority', before: 0, after: 5 },
    ]);
    expect(entries[3]?.changes).toContainEqual({ field: 'label', before: null, after: 'work' });
    expect(entries[0]?.actor).toMatchObject({ type: 'token', address: '127.0.0.1', session: null });
  });

  it('names the session', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const signedIn = await ask('POST', '/v2/session', { token: ADMIN_TOKEN }, { authorization: '' });
    const headers = {
      authorization: '',
      cookie: signedIn.headers.get('set-cookie')?.split(';')[0] ?? '',
      'x-dragoman-csrf': signedIn.body.csrfToken ?? '',
    };
    await ask('POST', '/v2/keys', { name: 'laptop' }, headers);
    await ask('DELETE', '/v2/session?all=true', undefined, headers);
    const session = signedIn.body.session?.id;
    const entries = await entriesOf(gateway);
    expect(entries.map(({ action }) => action)).toEqual(['session.close-all', 'key.create', 'session.open']);
    for (const { actor } of entries) expect(actor).toMatchObject({ type: 'session', session, signedInBy: 'token' });
  });

  it('has keys with their limits, rotations and revocations', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const { key } = (await ask('POST', '/v2/keys', { name: 'laptop' })).body;
    await ask('PATCH', `/v2/keys/${key.id}`, { requestsPerMinute: 30 });
    await ask('POST', `/v2/keys/${key.id}/rotate`, { graceSeconds: 60 });
    await ask('DELETE', `/v2/keys/${key.id}`);
    await ask('DELETE', `/v2/keys/${key.id}?forget=true`);
    const entries = await entriesOf(gateway);
    expect(entries.map(({ action, target }) => [action, target])).toEqual(
      ['key.forget', 'key.revoke', 'key.rotate', 'key.change', 'key.create'].map((action) => [action, key.id]),
    );
    expect(entries[3]?.changes).toEqual([{ field: 'requestsPerMinute', before: null, after: 30 }]);
  });

  it('has no entry for what was refused or only read', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    await ask('GET', '/v2/accounts');
    await ask('PATCH', '/v2/accounts/none', { label: 'x' });
    await ask('POST', '/v2/keys', { name: '' });
    await ask('POST', '/v2/session', { token: 'wrong-token-0123456789' }, { authorization: '' });
    expect(await entriesOf(gateway)).toEqual([]);
  });

  it('has pages', async () => {
    const gateway = await startAdminGateway();
    for (const name of ['a', 'b', 'c']) await gateway.ask('POST', '/v2/keys', { name });
    const first = JSON.parse((await gateway.ask('GET', '/v2/audit?limit=2')).text);
    expect(first.entries).toHaveLength(2);
    const second = JSON.parse((await gateway.ask('GET', `/v2/audit?limit=2&cursor=${first.nextCursor}`)).text);
    expect([second.entries.length, second.nextCursor]).toEqual([1, null]);
    for (const query of ['?limit=0', '?limit=501', '?limit=x', '?cursor=x', '?from=1'])
      expect((await gateway.ask('GET', `/v2/audit${query}`)).status).toBe(400);
  });

  it('has a name for every route that changes something', async () => {
    const gateway = await startAdminGateway();
    const changing = ADMIN_ROUTES.filter(({ method }) => method !== 'GET').map(
      ({ method, path }) => `${method} ${path}`,
    );
    const { AUDITED_ROUTES } = await import('../../src/http/admin/record-changes.ts');
    expect(changing.filter((route) => !(route in AUDITED_ROUTES))).toEqual([]);
    expect(await entriesOf(gateway)).toEqual([]);
  });

  it('has no secret', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const secret = 'marked-secret-of-this-test';
    const added = await ask('POST', '/v2/accounts', { ...KEY, proxy: `http://user:${secret}@proxy.example:3128` });
    await ask('PATCH', `/v2/accounts/${added.body.account.id}`, {
      refreshToken: `aor${secret}`,
      clientId: secret,
      clientSecret: secret,
    });
    const made = await ask('POST', '/v2/keys', { name: 'laptop' });
    await ask('POST', `/v2/keys/${made.body.key.id}/rotate`, {});
    await ask('POST', '/v2/session', { token: ADMIN_TOKEN }, { authorization: '' });
    const { text } = await ask('GET', '/v2/audit?limit=500');
    for (const canary of [secret, 'ksk_marked', ADMIN_TOKEN, made.body.secret]) expect(text).not.toContain(canary);
    expect(JSON.parse(text).entries.length).toBeGreaterThan(3);
  });
});

/** What each command does to the database. */
const CHANGES_NOTHING = [
  ...['serve', 'chat', 'models', 'usage', 'doctor', 'config', 'health', 'simulate', 'demo', 'capsule', 'replay'],
  'backup',
  ...['accounts list', 'accounts show', 'accounts export', 'accounts usage', 'keys list'],
];
const RECORDED: Readonly<Record<string, string>> = {
  login: 'account.add',
  console: 'ticket.create',
  'accounts import': 'account.add',
  'accounts set': 'account.change',
  'accounts enable': 'account.change',
  'accounts disable': 'account.change',
  'accounts refresh': 'account.refresh',
  'accounts remove': 'account.remove',
  'keys create': 'key.create',
  'keys set': 'key.change',
  'keys rotate': 'key.rotate',
  'keys revoke': 'key.revoke',
  'admin-token reset': 'admin-token.reset',
  'secret-key rotate': 'secret-key.rotate',
  restore: 'database.restore',
};

describe('the audit trail of commands', () => {
  it('is decided for every command', () => {
    const names = COMMANDS.flatMap((one) =>
      'commands' in one ? one.commands.map(({ name }) => `${one.name} ${name}`) : [one.name],
    );
    expect(names.filter((name) => !CHANGES_NOTHING.includes(name)).toSorted()).toEqual(
      Object.keys(RECORDED).toSorted(),
    );
  });

  it('names the user and the machine', async () => {
    const home = createHome();
    const run = (...args: string[]) => runCommand(args, {}, home);
    expect((await run('login', '--iam')).code).toBe(1);
    expect((await run('keys', 'create', 'laptop')).code).toBe(0);
    expect((await run('keys', 'set', 'laptop', '--requests-per-minute', '3')).code).toBe(0);
    expect((await run('keys', 'rotate', 'laptop')).code).toBe(0);
    expect((await run('keys', 'revoke', 'laptop')).code).toBe(0);
    expect((await run('console', '--no-open')).code).toBe(0);
    expect((await run('secret-key', 'rotate')).code).toBe(0);
    const { out: token } = await run('admin-token', 'reset');
    const serving = startCommand(['serve', '--port', '0', '--json'], {}, home);
    const { url } = JSON.parse(await serving.nextLine());
    const answer = await fetch(`${url}/v2/audit`, { headers: { authorization: `Bearer ${token.trim()}` } });
    const { entries }: { entries: readonly AuditEntryView[] } = JSON.parse(await answer.text());
    expect(entries.map(({ action }) => action)).toEqual([
      ...['admin-token.reset', 'secret-key.rotate', 'ticket.create'],
      ...['key.revoke', 'key.rotate', 'key.change', 'key.create'],
    ]);
    for (const { actor } of entries)
      expect(actor).toMatchObject({
        type: 'command',
        user: expect.stringMatching(/./),
        machine: expect.stringMatching(/./),
      });
    expect(JSON.stringify(entries)).not.toContain(token.trim());
    await serving.end('SIGTERM');
  });
});
