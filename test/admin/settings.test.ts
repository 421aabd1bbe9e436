/** `PATCH /v2/settings`: settings that change while the gateway runs. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { createHome, startCommand } from '../support/command.ts';
import { createTestDatabase } from '../support/postgres.ts';

async function settingOf({ ask }: AdminGateway, name: string) {
  return (await ask('GET', '/v2/settings')).body.settings.find((setting) => setting.name === name);
}

function change({ ask }: AdminGateway, settings: object) {
  return ask('PATCH', '/v2/settings', { settings });
}

const DATABASES: readonly (readonly [string, () => Promise<string>])[] = [
  ['SQLite', async () => `sqlite:${join(createHome(), 'dragoman.db')}`],
  [
    'PostgreSQL',
    async () => {
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      return database.url;
    },
  ],
];

describe.each(DATABASES)('a change of settings in %s', (_, makeUrl) => {
  it('applies to every gateway on the database, survives a restart, and can be taken back', async () => {
    const env = {
      DRAGOMAN_DATABASE_URL: await makeUrl(),
      DRAGOMAN_SECRET_KEY: 'k'.repeat(32),
      DRAGOMAN_AUDIT_DAYS: '90',
    };
    const [one, other] = [await startAdminGateway({ env }), await startAdminGateway({ env })];
    expect(await settingOf(one, 'DRAGOMAN_AUDIT_DAYS')).toMatchObject({
      ...{ value: 90, changeable: true },
      origin: 'environment DRAGOMAN_AUDIT_DAYS',
    });
    expect((await change(one, { DRAGOMAN_AUDIT_DAYS: 30, DRAGOMAN_SESSION_HOURS: '2' })).status).toBe(200);
    expect(await settingOf(one, 'DRAGOMAN_AUDIT_DAYS')).toMatchObject({ value: 30, origin: 'admin API' });
    await expect
      .poll(async () => (await settingOf(other, 'DRAGOMAN_AUDIT_DAYS'))?.value, { timeout: 5_000, interval: 100 })
      .toBe(30);
    const session = await other.ask('POST', '/v2/session', { token: 'marked-admin-token-0123456789' });
    expect(session.headers.get('set-cookie')).toContain('Max-Age=7200;');
    await one.stop();
    const again = await startAdminGateway({ env });
    expect(await settingOf(again, 'DRAGOMAN_AUDIT_DAYS')).toMatchObject({ value: 30, origin: 'admin API' });
    await change(again, { DRAGOMAN_AUDIT_DAYS: null });
    expect(await settingOf(again, 'DRAGOMAN_AUDIT_DAYS')).toMatchObject({ value: 90 });
  });
});

describe('a change of settings', () => {
  it.each([
    ['an unknown name', { DRAGOMAN_NONE: 1 }, /no setting/],
    ['a setting that needs a restart', { DRAGOMAN_PORT: 1234 }, /restart/],
    ['a secret of the start', { DRAGOMAN_ADMIN_TOKEN: 'a-token-of-16-chars' }, /restart/],
    ['a value that is not accepted', { DRAGOMAN_AUDIT_DAYS: 0 }, /Accepted: a whole number, 1 to 3650/],
    ['a value of another type', { DRAGOMAN_AUDIT_DAYS: 'many' }, /whole number/],
  ])('rejects %s, and changes nothing', async (_, settings, message) => {
    const gateway = await startAdminGateway();
    const answer = await change(gateway, { DRAGOMAN_SESSION_HOURS: 5, ...settings });
    expect([answer.status, answer.body.error.param]).toEqual([400, Object.keys(settings)[0]]);
    expect(answer.body.error.message).toMatch(message);
    expect(await settingOf(gateway, 'DRAGOMAN_SESSION_HOURS')).toMatchObject({ value: 168, origin: 'default' });
  });

  it('is in the audit trail', async () => {
    const gateway = await startAdminGateway();
    await change(gateway, { DRAGOMAN_LOG_LEVEL: 'debug' });
    const { entries } = JSON.parse((await gateway.ask('GET', '/v2/audit')).text);
    expect(entries).toMatchObject([
      {
        action: 'settings.change',
        changes: [{ field: 'DRAGOMAN_LOG_LEVEL', before: 'info', after: 'debug' }],
      },
    ]);
  });

  it('changes what is logged, also after SIGHUP', async () => {
    const home = createHome();
    const serving = startCommand(['serve', '--port', '0', '--json'], { DRAGOMAN_LOG_LEVEL: 'warn' }, home);
    const { url, adminToken } = JSON.parse(await serving.nextLine());
    const headers = { authorization: `Bearer ${adminToken}` };
    const body = JSON.stringify({ settings: { DRAGOMAN_LOG_LEVEL: 'info' } });
    expect((await fetch(`${url}/v2/settings`, { method: 'PATCH', headers, body })).status).toBe(200);
    await fetch(`${url}/v1/models`, { headers: { 'user-agent': 'first' } });
    await serving.untilLogged('GET /v1/models');
    serving.child.kill('SIGHUP');
    await serving.untilLogged('settings reloaded');
    const { err } = await serving.end('SIGTERM');
    expect(err).not.toContain(adminToken);
  });
});
