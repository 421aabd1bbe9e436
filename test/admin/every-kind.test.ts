/** Accounts of each kind, unused and used, in every admin route and in every command that shows accounts. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { NEW_ACCOUNT } from '../../src/accounts/health.ts';
import { accounts as accountCommands } from '../../src/cli/accounts.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { IAM_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { openStore } from '../../src/storage/open.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { ADMIN_TOKEN, type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { ADMIN_ROUTES } from '../support/admin-routes.ts';
import { createHome, REFRESH_HERE } from '../support/command.ts';
import { CREDENTIALS, KINDS } from '../support/credentials.ts';
import { createSimulator, environmentFor } from '../support/simulator.ts';
import { createTestTerminal } from '../support/terminal.ts';

const SECRET_KEY = 'k'.repeat(32);
const ID = 'account-of-this-test';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', IAM_ACCOUNT.accessToken);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', IAM_ACCOUNT.secretAccessKey);
  return () => vi.unstubAllEnvs();
});

async function start(kind: (typeof KINDS)[number], isUsed: boolean) {
  const simulator = await createSimulator();
  const home = createHome();
  const url = `sqlite:${join(home, `${randomUUID()}.db`)}`;
  const store = await openStore({ url, home, secretKey: SECRET_KEY, clock: systemClock });
  await store.accounts.put(
    {
      ...{ id: ID, label: 'mine', source: { type: 'sign-in' } as const, credential: CREDENTIALS[kind](simulator.url) },
      ...{ accessToken: undefined, health: NEW_ACCOUNT },
    },
    Date.now(),
  );
  await store.close();
  const env = { DRAGOMAN_DATABASE_URL: url, DRAGOMAN_SECRET_KEY: SECRET_KEY, DRAGOMAN_HOME: home };
  const gateway = await startAdminGateway({ simulator, env });
  if (isUsed) {
    const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] });
    expect((await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })).status).toBe(200);
  }
  const places = Object.entries(environmentFor(simulator.url)).filter(([name]) => !/TOKEN|CLIENT/.test(name));
  return { gateway, env: { ...Object.fromEntries(places), ...env } };
}

/** Request bodies by route; other routes are called without one. */
const BODIES: Readonly<Record<string, unknown>> = {
  'PATCH /v2/accounts/:id': { label: 'renamed', priority: 1 },
  'POST /v2/accounts': { apiKey: 'ksk_another_key_of_this_test', label: 'another' },
  'POST /v2/imports': { ids: ['none'] },
  'POST /v2/keys': { name: 'a key' },
  'PATCH /v2/keys/:id': { name: 'another name' },
  'PATCH /v2/settings': { settings: {} },
  'POST /v2/session': { token: ADMIN_TOKEN },
};
/** Routes for ids of other kinds, which this test does not have. */
const MISSING = new Set([
  'PATCH /v2/keys/:id',
  'POST /v2/keys/:id/rotate',
  'DELETE /v2/keys/:id',
  'GET /v2/requests/:id',
  'GET /v2/requests/:id/capsule',
  'GET /v2/auth/status/:authId',
  'POST /v2/auth/claim/:authId',
]);
/** Rejected, but never with an internal error, for kinds that have nothing to refresh. */
const MAY_REFUSE = new Set(['POST /v2/accounts/:id/refresh', 'POST /v2/imports']);

async function askAll({ ask }: AdminGateway): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  // Removing the account comes last, and after that restoring it.
  const order = ({ method, path }: (typeof ADMIN_ROUTES)[number]) =>
    path.endsWith('/restore') ? 3 : `${method} ${path}` === 'DELETE /v2/accounts/:id' ? 2 : method === 'DELETE' ? 1 : 0;
  const routes = ADMIN_ROUTES.filter(({ path }) => path !== '/v2/events').toSorted((a, b) => order(a) - order(b));
  for (const { method, path } of routes) {
    const route = `${method} ${path}`;
    // `ask` checks the answer against the schema of its route.
    const { status, text } = await ask(method, path.replace(/:\w+/, ID), BODIES[route]);
    statuses[route] = status;
    // An unlimited time must not be printed like this.
    expect(text).not.toMatch(/9999-12-31|Infinity/);
  }
  return statuses;
}

async function run(args: readonly string[]) {
  const { terminal, written } = createTestTerminal();
  return { code: await runCommandLine(args, terminal, REFRESH_HERE), ...written };
}

const USES = [
  ['unused', false],
  ['used', true],
] as const;

describe.each(KINDS)('an account of kind %s', (kind) => {
  it.each(USES)('%s, is shown by every route of the admin API', async (_name, isUsed) => {
    const { gateway } = await start(kind, isUsed);
    const statuses = await askAll(gateway);
    for (const [route, status] of Object.entries(statuses)) {
      if (MISSING.has(route)) expect([route, status]).toEqual([route, 404]);
      else if (MAY_REFUSE.has(route)) expect([route, status]).not.toEqual([route, 500]);
      else expect([route, status < 300]).toEqual([route, true]);
    }
  });

  it.each(USES)('%s, is shown by every command about accounts', { timeout: 30_000 }, async (_name, isUsed) => {
    const { gateway, env } = await start(kind, isUsed);
    await gateway.stop();
    vi.stubEnv('DRAGOMAN_KIRO_TOKEN_FILE', 'off');
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const names = accountCommands.commands.map(({ name }) => name).filter((name) => name !== 'import');
    const inOrder = [...names.filter((name) => name !== 'remove'), 'remove'];
    const more: Readonly<Record<string, readonly string[]>> = {
      set: [ID, '--label', 'renamed'],
      remove: [ID, '--yes'],
      ...Object.fromEntries(['show', 'refresh', 'enable', 'disable'].map((name) => [name, [ID]])),
    };
    const unforeseen: unknown[] = [];
    for (const name of inOrder) {
      for (const flags of name === 'remove' ? [[]] : [[], ['--json']]) {
        const args = name === 'export' ? ['--output', '-'] : (more[name] ?? []);
        const { code, out, err } = await run(['accounts', name, ...args, ...flags]);
        // IAM has no usage to report, and some kinds have nothing to refresh.
        const mayFail = name === 'refresh' || (name === 'usage' && kind === 'iam');
        if (code === 2 || /RangeError|TypeError|Invalid|internal/.test(out + err) || (code !== 0 && !mayFail))
          unforeseen.push({ name, flags, code, out, err });
      }
    }
    expect(unforeseen).toEqual([]);
    for (const flags of [[], ['--json']])
      expect((await run(['usage', ...flags])).err).not.toMatch(/RangeError|internal/);
  });
});
