/** `dragoman accounts` and `dragoman keys`, beside a gateway that serves from the same database where it matters. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_ACCOUNT } from '../src/simulator/default-accounts.ts';
import { ADMIN_TOKEN, startAdminGateway } from './support/admin.ts';
import { createHome, type Ended, runCommand, startCommand } from './support/command.ts';
import { createSimulator, environmentFor } from './support/simulator.ts';

const SECRETS = [DEFAULT_ACCOUNT.refreshToken, DEFAULT_ACCOUNT.clientSecret, ADMIN_TOKEN];

type Run = (...args: string[]) => Promise<Ended>;

interface StoredAccount {
  readonly id: string;
  /** A command in the same home. */
  readonly run: Run;
}

interface ServedAccount extends StoredAccount {
  readonly url: string;
  /** The status of the response. */
  chat(key?: string): Promise<number>;
}

/** A home with one account, labelled "mine", that was imported from a file. */
async function storeAccount(): Promise<StoredAccount> {
  const { run } = await createCommands();
  const imported = await run('accounts', 'import', writeCredential('mine', DEFAULT_ACCOUNT.refreshToken), '--yes');
  expect(imported.code).toBe(0);
  const { accounts } = JSON.parse((await run('accounts', 'list', '--json')).out);
  return { id: accounts[0].id, run };
}

/**
 * A gateway with its own connection to the commands' database, and one account, labelled "mine", that was added over the
 * admin API.
 */
async function serveAccount(): Promise<ServedAccount> {
  const { home, simulator, run } = await createCommands();
  const folder = join(home, '.dragoman');
  const { url, ask } = await startAdminGateway({
    simulator,
    env: {
      DRAGOMAN_HOME: folder,
      DRAGOMAN_DATABASE_URL: `sqlite:${join(folder, 'dragoman.db')}`,
      DRAGOMAN_SECRET_KEY: '',
    },
  });
  const { refreshToken, clientId, clientSecret } = DEFAULT_ACCOUNT;
  const added = await ask('POST', '/v2/accounts', { refreshToken, clientId, clientSecret, label: 'mine' });
  const { account } = added.body;
  return {
    url,
    id: account.id,
    run,
    async chat(key) {
      const body = JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }] });
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
      return (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).status;
    },
  };
}

async function createCommands() {
  const simulator = await createSimulator();
  const home = createHome();
  const all = environmentFor(simulator.url);
  const places = ['UPSTREAM_URL', 'OIDC_URL', 'SOCIAL_AUTH_URL'].map((name) => `DRAGOMAN_${name}`);
  const env = Object.fromEntries(places.map((name) => [name, all[name] ?? '']));
  const run: Run = async (...args) => {
    const ended = await runCommand(args, env, home);
    for (const secret of SECRETS) expect(ended.out + ended.err).not.toContain(secret);
    expect(ended.err).not.toMatch(/\n +at /);
    return ended;
  };
  return { home, simulator, run };
}

/** The path of a file for `accounts import`. */
function writeCredential(label: string, refreshToken: string): string {
  const { clientId, clientSecret } = DEFAULT_ACCOUNT;
  const file = join(createHome(), `${label}.json`);
  writeFileSync(file, JSON.stringify({ refreshToken, clientId, clientSecret, label }));
  return file;
}

describe('dragoman accounts', () => {
  it('lists, shows and changes what a running gateway serves from', async () => {
    const { id, run } = await serveAccount();
    const list = await run('accounts', 'list');
    expect(list).toMatchObject({ code: 0, out: expect.stringMatching(/^account +label +kind +state .*\n/) });
    expect(list.out).toMatch(new RegExp(`\\n${id} +mine +builder-id +ready `));
    expect((await run('accounts', 'show', 'MINE')).out).toMatch(/\nkind +builder-id\n/);
    expect((await run('accounts', 'show', id.slice(0, 8))).out).toContain(id);

    const set = await run(
      'accounts',
      'set',
      'mine',
      '--label',
      'work',
      '--groups',
      'team-a,team-b',
      '--priority',
      '-5',
      '--json',
    );
    expect(JSON.parse(set.out).account).toMatchObject({
      id,
      label: 'work',
      groups: ['team-a', 'team-b'],
      priority: -5,
    });
    const unset = await run('accounts', 'set', 'work', '--groups', 'none', '--max-concurrency', 'none', '--json');
    expect(JSON.parse(unset.out).account).toMatchObject({ groups: [], maxConcurrency: null, priority: -5 });
  });

  it('disables and enables accounts of a running gateway, and refreshes tokens', async () => {
    const { id, run, chat } = await serveAccount();
    expect(await chat()).toBe(200);
    expect(await run('accounts', 'disable', id)).toMatchObject({ code: 0, out: `Disabled: mine (${id}).\n` });
    await vi.waitFor(async () => expect(await chat()).toBe(503), { timeout: 10_000 });
    expect(JSON.parse((await run('accounts', 'show', id, '--json')).out).account.state.status).toBe('disabled');
    expect((await run('accounts', 'enable', id)).code).toBe(0);
    await vi.waitFor(async () => expect(await chat()).toBe(200), { timeout: 10_000 });
    expect((await run('accounts', 'refresh', id)).out).toBe(`Refreshed: mine (${id}).\n`);
    expect((await run('accounts', 'usage', id)).code).toBe(0);
  });

  it('uses the only account by default, and requires a name if there are several', async () => {
    const { id, run } = await storeAccount();
    expect((await run('accounts', 'show')).out).toMatch(new RegExp(`^id +${id}\\n`));
    expect((await run('accounts', 'disable')).out).toBe(`Disabled: mine (${id}).\n`);
    expect((await run('accounts', 'enable')).out).toBe(`Enabled: mine (${id}).\n`);
    expect((await run('accounts', 'refresh')).out).toBe(`Refreshed: mine (${id}).\n`);
    const { code, err } = await run('accounts', 'remove', '--yes');
    expect([code, err]).toEqual([2, expect.stringContaining('needs an account')]);
    const file = writeCredential('yours', `aorAAAAAG${'x'.repeat(200)}`);
    expect((await run('accounts', 'import', file, '--yes')).code).toBe(0);
    for (const command of ['show', 'enable', 'disable', 'refresh']) {
      const unnamed = await run('accounts', command);
      expect([unnamed.code, unnamed.err]).toEqual([2, expect.stringMatching(/Several accounts.*mine.*yours/)]);
    }
  });

  it('removes only the named account, and only after a confirmation', async () => {
    const { id, run, chat } = await serveAccount();
    const unasked = await run('accounts', 'remove', id);
    expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining('--yes')]);
    const unknown = await run('accounts', 'remove', 'yours', '--yes', '--json');
    expect([unknown.code, JSON.parse(unknown.out).error.code]).toEqual([1, 'not_found']);
    expect(JSON.parse((await run('accounts', 'list', '--json')).out).accounts).toHaveLength(1);
    const removed = await run('accounts', 'remove', id, '--yes', '--json');
    expect([removed.code, JSON.parse(removed.out)]).toEqual([0, { removed: id }]);
    expect((await run('accounts', 'list')).out).toContain('dragoman login');
    await vi.waitFor(async () => expect(await chat()).toBe(503), { timeout: 10_000 });
  });

  it.each([
    [['set', 'mine', '--weight', '0'], 2, 'weight is 0'],
    [['set', 'mine', '--proxy', 'ftp://me:marked@127.0.0.1'], 2, 'socks5://'],
    [['set', 'mine', '--profile-arn', 'arn'], 2, 'profile ARN'],
    [['set', 'mine', '--weight', 'heavy'], 2, '--weight'],
    [['show', 'yours'], 1, 'Accounts: '],
    [['show', 'mien'], 1, 'No account matches "mien". Did you mean mine?'],
    [['import', '--from', 'kiro-cil'], 2, 'Did you mean kiro-cli?'],
    [['shwo', 'mine'], 2, 'Did you mean show?'],
  ])('%j ends with the reason', async (args, code, words) => {
    const { run } = await storeAccount();
    const ended = await run('accounts', ...args);
    expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(words)]);
    expect(ended.err).not.toContain('marked');
  });
});

describe('dragoman chat', () => {
  it('names the model that replaces an unknown one, and suggests a correction for a mistyped one', async () => {
    const { run } = await storeAccount();
    const { code, out, err } = await run('chat', 'Hi', '--model', 'autp');
    expect([code, out]).toEqual([0, expect.stringMatching(/\S/)]);
    expect(err).toBe('warning: The service has no model named "autp"; auto answers. Did you mean auto?\n');
    const mistyped = await run('chat', 'Hi', '--model', 'claude-sonet-4.5');
    expect([mistyped.code, mistyped.err]).toEqual([1, expect.stringContaining('Did you mean claude-sonnet-4.5?')]);
    expect((await run('chat', 'Hi', '--model', 'claude-sonnet-4.5')).err).toBe('');
  });
});

describe('dragoman keys', () => {
  it('creates keys for a running gateway: the first ends local mode, a revoked one is rejected', async () => {
    const { run, chat } = await serveAccount();
    expect((await run('keys', 'list')).out).toContain('local mode');
    expect(await chat('whatever')).toBe(200);
    const made = await run('keys', 'create', 'my', 'laptop');
    const secret = made.out.trim();
    expect([made.code, made.err]).toEqual([0, expect.stringContaining('not shown again')]);
    expect(made.err).toContain('local mode is now off');
    await vi.waitFor(async () => expect(await chat('whatever')).toBe(401), { timeout: 10_000 });
    expect(await chat(secret)).toBe(200);

    const list = await run('keys', 'list');
    expect(list.out).toMatch(/\nkey-[0-9a-f]{12} +my laptop +dg-[0-9a-f]{12}… +active /);
    expect(list.out).not.toContain(secret);
    const brief = JSON.parse((await run('keys', 'create', 'ci', '--expires', '90d', '--json')).out);
    expect(brief.endsLocalMode).toBe(false);
    expect(Date.parse(brief.key.expiresAt)).toBeGreaterThan(Date.now() + 89 * 86_400_000);
    expect(await chat(brief.secret)).toBe(200);

    const rotated = await run('keys', 'rotate', 'ci', '--grace', '0');
    expect([rotated.code, rotated.err]).toEqual([0, expect.stringContaining('no longer valid')]);
    await vi.waitFor(async () => expect(await chat(brief.secret)).toBe(401), { timeout: 10_000 });
    expect(await chat(rotated.out.trim())).toBe(200);
    const changed = await run('keys', 'set', 'ci', '--disable', '--owner', 'alice', '--expires', 'none', '--json');
    expect(JSON.parse(changed.out).key).toMatchObject({ owner: 'alice', state: 'disabled', expiresAt: null });
    await vi.waitFor(async () => expect(await chat(rotated.out.trim())).toBe(401), { timeout: 10_000 });

    expect(await run('keys', 'revoke', 'my laptop')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Revoked my laptop /),
    });
    await vi.waitFor(async () => expect(await chat(secret)).toBe(401), { timeout: 10_000 });
    expect((await run('keys', 'list')).out).toMatch(/my laptop .* revoked /);
    const unknown = await run('keys', 'revoke', 'my lpatop');
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('No key matches')]);
    expect(unknown.err).toContain('Did you mean my laptop?');
  });
});

describe('the admin token', () => {
  it('is generated and shown at the first start only, and stays valid', async () => {
    const home = createHome();
    const first = startCommand(['serve', '--port', '0'], {}, home);
    const url = /http:\S+/.exec(await first.nextLine())?.[0];
    let line = '';
    while (!line.includes('admin token')) line = await first.nextLine();
    const token = /dgm-admin-\S+/.exec(line)?.[0] ?? '';
    const ask = (at: string | undefined) =>
      fetch(`${at}/v2/accounts`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask(url)).status).toBe(200);
    expect(await (await fetch(`${url}/`)).text()).not.toContain(token);
    const ended = await first.end('SIGTERM');
    expect(ended.err).not.toContain(token);

    const second = startCommand(['serve', '--port', '0', '--json'], {}, home);
    const again = JSON.parse(await second.nextLine());
    expect(again.adminToken).toBeUndefined();
    expect((await ask(again.url)).status).toBe(200);
  });

  it('is reset while a gateway runs: the new one is valid at once, the old one no longer', async () => {
    const home = createHome();
    const serving = startCommand(['serve', '--port', '0', '--json'], {}, home);
    const { url, adminToken: old } = JSON.parse(await serving.nextLine());
    const statusOf = async (token: string) =>
      (await fetch(`${url}/v2/accounts`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await statusOf(old)).toBe(200);
    const reset = await runCommand(['admin-token', 'reset'], {}, home);
    const token = reset.out.trim();
    expect([reset.code, token]).toEqual([0, expect.stringMatching(/^dgm-admin-[\w-]{43}$/)]);
    expect(reset.err).not.toContain(token);
    await vi.waitFor(async () => expect(await statusOf(old)).toBe(401), { timeout: 10_000 });
    expect(await statusOf(token)).toBe(200);
    expect((await serving.end('SIGTERM')).err).not.toContain(token);
  });

  it('is not reset if the settings define it', async () => {
    const { code, err } = await runCommand(['admin-token', 'reset'], { DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN });
    expect([code, err]).toEqual([2, expect.stringContaining('The admin token is set by DRAGOMAN_ADMIN_TOKEN')]);
  });

  it('is not generated by a failed start', async () => {
    const home = createHome();
    const args = ['serve', '--port', '0', '--host', '192.0.2.1'];
    expect((await runCommand(args, { DRAGOMAN_API_KEYS: 'k' }, home)).code).toBe(1);
    const serving = startCommand(['serve', '--port', '0', '--json'], {}, home);
    expect(JSON.parse(await serving.nextLine()).adminToken).toMatch(/^dgm-admin-/);
  });
});

describe('a gateway whose keys are all revoked or expired', () => {
  it('does not start on an address that other machines reach, and warns on loopback', async () => {
    const home = createHome();
    for (const command of ['create', 'revoke']) await runCommand(['keys', command, 'laptop'], {}, home);
    const open = await runCommand(['serve', '--port', '0', '--host', '0.0.0.0'], {}, home);
    expect([open.code, open.out]).toEqual([1, '']);
    expect(open.err).toContain('every API key is revoked or has expired');
    expect(open.err).toContain('dragoman keys create');
    const local = startCommand(['serve', '--port', '0'], {}, home);
    let written = '';
    while (!written.includes('Every API key is revoked')) written = await local.nextLine();
    expect((await local.end('SIGTERM')).code).toBe(0);
  });
});
