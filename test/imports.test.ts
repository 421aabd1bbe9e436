/**
 * Each source of `dragoman accounts import`, as its own program writes it: imported, used, rotated, written back, used by
 * its own program again, and then used by dragoman once more.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../src/cli/program.ts';
import {
  API_KEY_ACCOUNT,
  DEFAULT_ACCOUNT,
  EXTERNAL_IDP_ACCOUNT,
  IDC_ACCOUNT,
  SOCIAL_ACCOUNT,
} from '../src/simulator/default-accounts.ts';
import type { Simulator } from '../src/simulator/server.ts';
import { REFRESH_HERE, startCommand } from './support/command.ts';
import { createSimulator } from './support/simulator.ts';
import { createTestTerminal } from './support/terminal.ts';

const PAST = '2026-01-05T10:00:00.000Z';
const CLIENT_ENDS = '2099-01-01T00:00:00.000Z';
const KIRO_FILE = '.aws/sso/cache/kiro-auth-token.json';
const HASH = 'e909a0580879b06ece1202964fbe9dda95ea4ce3';

let home: string;
let simulator: Simulator;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-imports-'));
  simulator = await createSimulator({ script: { replies: [{ steps: ['It works.'] }] } });
  const environment = {
    HOME: home,
    XDG_DATA_HOME: '',
    DRAGOMAN_HOME: join(home, '.dragoman'),
    DRAGOMAN_KIRO_TOKEN_FILE: 'off',
    DRAGOMAN_UPSTREAM_URL: simulator.url,
    DRAGOMAN_OIDC_URL: simulator.url,
    DRAGOMAN_SOCIAL_AUTH_URL: simulator.url,
    DRAGOMAN_IDP_HOSTS: new URL(simulator.url).host,
    DRAGOMAN_LOG_LEVEL: 'error',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

async function run(...args: string[]) {
  const { terminal, written } = createTestTerminal();
  const code = await runCommandLine(args, terminal, REFRESH_HERE);
  return { code, ...written };
}

async function chat(): Promise<string> {
  const { code, out, err } = await run('chat', 'Hi');
  expect([code, err]).toEqual([0, '']);
  return out;
}

/** The credential as another program stores it. */
interface Kept {
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
}

/** A program whose sign-in is imported: how it writes and reads its credential. */
interface Program {
  readonly name: string;
  readonly from: string;
  readonly kind: string;
  readonly first: string;
  install(): string[];
  read(): Kept;
  write(kept: Kept): void;
  /** As the program itself refreshes. */
  refresh(refreshToken: string): Promise<Kept>;
}

function put(path: string, value: unknown): void {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value, undefined, 2), { mode: 0o600 });
}

// The tests write these files themselves, so their contents are known.
const get = (path: string) => JSON.parse(readFileSync(join(home, path), 'utf8')) as Record<string, string>;

async function post(path: string, body: object | URLSearchParams): Promise<Record<string, string | number>> {
  const isForm = body instanceof URLSearchParams;
  const headers = { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' };
  const answer = await fetch(simulator.url + path, {
    method: 'POST',
    headers,
    body: isForm ? body : JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  // The simulator's answers are known too.
  return (await answer.json()) as Record<string, string | number>;
}

function keptOf(tokens: Record<string, string | number>): Kept {
  const expiresAt = new Date(Date.now() + Number(tokens.expiresIn ?? tokens.expires_in) * 1000).toISOString();
  return {
    accessToken: String(tokens.accessToken ?? tokens.access_token),
    refreshToken: String(tokens.refreshToken ?? tokens.refresh_token),
    expiresAt,
  };
}

type AwsAccount = typeof DEFAULT_ACCOUNT | typeof IDC_ACCOUNT;
const refreshAws =
  ({ clientId, clientSecret }: AwsAccount) =>
  async (refreshToken: string) =>
    keptOf(await post('/token', { grantType: 'refresh_token', clientId, clientSecret, refreshToken }));
const refreshSocial = async (refreshToken: string) => keptOf(await post('/refreshToken', { refreshToken }));

/** A program with one JSON file of camelCase members. */
function jsonProgram(path: string) {
  return {
    read: (): Kept => {
      const { accessToken = '', refreshToken = '', expiresAt = '' } = get(path);
      return { accessToken, refreshToken, expiresAt };
    },
    write: (kept: Kept) => put(path, { ...get(path), ...kept }),
  };
}

/** A program with a row of JSON text in snake_case. */
function databaseProgram(app: string, key: string, rows: Readonly<Record<string, object>>, state?: object) {
  const path = join('.local/share', app, 'data.sqlite3');
  const open = () => new DatabaseSync(join(home, path));
  const read = () => {
    const database = open();
    const row = database.prepare('select value from auth_kv where key = ?').get(key);
    database.close();
    return JSON.parse(String(row?.value));
  };
  return {
    install() {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      const database = open();
      database.exec(
        'create table auth_kv (key text primary key, value text); create table state (key text, value blob)',
      );
      const insert = database.prepare('insert into auth_kv values (?, ?)');
      for (const [name, value] of Object.entries(rows)) insert.run(name, JSON.stringify(value));
      if (state)
        database.prepare('insert into state values (?, ?)').run('api.codewhisperer.profile', JSON.stringify(state));
      database.close();
      return [];
    },
    read(): Kept {
      const { access_token, refresh_token, expires_at } = read();
      return { accessToken: access_token, refreshToken: refresh_token, expiresAt: expires_at };
    },
    write({ accessToken, refreshToken, expiresAt }: Kept) {
      const next = { ...read(), access_token: accessToken, refresh_token: refreshToken, expires_at: expiresAt };
      const database = open();
      database.prepare('update auth_kv set value = ? where key = ?').run(JSON.stringify(next), key);
      database.close();
    },
  };
}

const snakeToken = (refreshToken: string, more: object) => ({
  access_token: 'aoaOLD',
  expires_at: '2026-01-05T10:00:00.123456789Z',
  refresh_token: refreshToken,
  scopes: ['codewhisperer:conversations'],
  ...more,
});
const snakeClient = ({ clientId, clientSecret, region }: AwsAccount) => ({
  client_id: clientId,
  client_secret: clientSecret,
  client_secret_expires_at: CLIENT_ENDS,
  region,
});
const camelToken = (refreshToken: string) => ({ accessToken: 'aoaOLD', refreshToken, expiresAt: PAST });

const PROGRAMS: readonly Program[] = [
  {
    name: 'the Kiro IDE with a Builder ID',
    from: 'kiro-ide',
    kind: 'builder-id',
    first: DEFAULT_ACCOUNT.refreshToken,
    install() {
      const { clientId, clientSecret } = DEFAULT_ACCOUNT;
      const token = { clientIdHash: HASH, authMethod: 'IdC', provider: 'BuilderId', region: 'us-east-1' };
      put(KIRO_FILE, { ...camelToken(this.first), ...token });
      put(`.aws/sso/cache/${HASH}.json`, { clientId, clientSecret, expiresAt: '2099-01-01T00:00:00.000' });
      return ['--from', 'kiro-ide'];
    },
    ...jsonProgram(KIRO_FILE),
    refresh: refreshAws(DEFAULT_ACCOUNT),
  },
  {
    name: 'the Kiro IDE with Google',
    from: 'kiro-ide',
    kind: 'social',
    first: SOCIAL_ACCOUNT.refreshToken,
    install() {
      const { profileArn } = SOCIAL_ACCOUNT;
      put(KIRO_FILE, { ...camelToken(this.first), authMethod: 'social', provider: 'Google', profileArn });
      return [];
    },
    ...jsonProgram(KIRO_FILE),
    refresh: refreshSocial,
  },
  {
    name: 'the Kiro IDE with an identity provider',
    from: 'kiro-ide',
    kind: 'external-idp',
    first: EXTERNAL_IDP_ACCOUNT.refreshToken,
    install() {
      const { clientId, profileArn } = EXTERNAL_IDP_ACCOUNT;
      const tokenEndpoint = `${simulator.url}/tenant/oauth2/v2.0/token`;
      const more = { authMethod: 'external_idp', provider: 'ExternalIdp', scopes: 'openid offline_access' };
      put(KIRO_FILE, { ...camelToken(this.first), ...more, clientId, profileArn, tokenEndpoint });
      return [];
    },
    ...jsonProgram(KIRO_FILE),
    async refresh(refreshToken) {
      const client = { client_id: EXTERNAL_IDP_ACCOUNT.clientId, grant_type: 'refresh_token', scope: 'offline_access' };
      const form = new URLSearchParams({ ...client, refresh_token: refreshToken });
      return keptOf(await post('/tenant/oauth2/v2.0/token', form));
    },
  },
  {
    name: 'Kiro CLI with an organisation',
    from: 'kiro-cli',
    kind: 'idc',
    first: IDC_ACCOUNT.refreshToken,
    ...databaseProgram(
      'kiro-cli',
      'kirocli:odic:token',
      {
        'kirocli:odic:token': snakeToken(IDC_ACCOUNT.refreshToken, {
          region: IDC_ACCOUNT.region,
          start_url: IDC_ACCOUNT.startUrl,
        }),
        'kirocli:odic:device-registration': snakeClient(IDC_ACCOUNT),
      },
      { arn: IDC_ACCOUNT.profileArn, profile_name: 'example' },
    ),
    refresh: refreshAws(IDC_ACCOUNT),
  },
  {
    name: 'Kiro CLI with GitHub',
    from: 'kiro-cli',
    kind: 'social',
    first: SOCIAL_ACCOUNT.refreshToken,
    ...databaseProgram('kiro-cli', 'kirocli:social:token', {
      'kirocli:social:token': snakeToken(SOCIAL_ACCOUNT.refreshToken, {
        provider: 'github',
        profile_arn: SOCIAL_ACCOUNT.profileArn,
      }),
    }),
    refresh: refreshSocial,
  },
  {
    name: 'Amazon Q CLI',
    from: 'amazon-q-cli',
    kind: 'builder-id',
    first: DEFAULT_ACCOUNT.refreshToken,
    ...databaseProgram('amazon-q', 'codewhisperer:odic:token', {
      'codewhisperer:odic:token': snakeToken(DEFAULT_ACCOUNT.refreshToken, {
        region: 'us-east-1',
        start_url: DEFAULT_ACCOUNT.startUrl,
        oauth_flow: 'DeviceCode',
      }),
      'codewhisperer:odic:device-registration': snakeClient(DEFAULT_ACCOUNT),
    }),
    refresh: refreshAws(DEFAULT_ACCOUNT),
  },
  {
    name: 'an AWS toolkit, whose organisation has one profile',
    from: 'sso-cache',
    kind: 'idc',
    first: IDC_ACCOUNT.refreshToken,
    install() {
      const { clientId, clientSecret, region, startUrl } = IDC_ACCOUNT;
      const client = { clientId, clientSecret, registrationExpiresAt: CLIENT_ENDS };
      const scopes = ['codewhisperer:conversations'];
      put('.aws/sso/cache/0123abcd.json', { ...camelToken(this.first), ...client, region, startUrl, scopes });
      return [];
    },
    ...jsonProgram('.aws/sso/cache/0123abcd.json'),
    refresh: refreshAws(IDC_ACCOUNT),
  },
  {
    name: 'another gateway',
    from: 'gateway-file',
    kind: 'builder-id',
    first: DEFAULT_ACCOUNT.refreshToken,
    install() {
      const { clientId, clientSecret, region, refreshToken } = DEFAULT_ACCOUNT;
      put('gateway.json', { ...camelToken(refreshToken), clientId, clientSecret, region, label: 'mine' });
      return [join(home, 'gateway.json')];
    },
    ...jsonProgram('gateway.json'),
    refresh: refreshAws(DEFAULT_ACCOUNT),
  },
];

describe.each(PROGRAMS)('$name', { timeout: 60_000 }, (program) => {
  it('is found, imported and used; each continues with the token that the other rotated', async () => {
    const args = program.install();
    const found = await run('accounts', 'import', ...args, '--yes', '--json');
    expect([found.code, found.err]).toEqual([0, '']);
    expect(found.out).not.toContain(program.first);
    expect(JSON.parse(found.out)).toMatchObject({
      found: [{ origin: program.from, kind: program.kind, isLinked: true, state: 'new', problem: null }],
      imported: [{ kind: program.kind }],
    });
    expect(await chat()).toBe('It works.\n');

    const rotated = program.read();
    expect(rotated.refreshToken).not.toBe(program.first);
    expect(Date.parse(rotated.expiresAt)).toBeGreaterThan(Date.now());
    expect(rotated.accessToken).not.toBe('aoaOLD');

    simulator.expireAccessTokens(accountIdOf(program));
    program.write(await program.refresh(rotated.refreshToken));
    const theirs = program.read();
    expect(await chat()).toBe('It works.\n');
    // Their token was used without another refresh.
    expect(program.read()).toEqual(theirs);
    expect(lastAuthorization()).toBe(`Bearer ${theirs.accessToken}`);
  });
});

function accountIdOf({ first }: Program): string {
  const accounts = [DEFAULT_ACCOUNT, IDC_ACCOUNT, SOCIAL_ACCOUNT, EXTERNAL_IDP_ACCOUNT];
  return accounts.find(({ refreshToken }) => refreshToken === first)?.id ?? expect.fail('no account has this token');
}

function lastAuthorization(): string | undefined {
  return simulator.requests.at(-1)?.headers.authorization;
}

describe('importing', { timeout: 60_000 }, () => {
  const social = () => ({ ...camelToken(SOCIAL_ACCOUNT.refreshToken), authMethod: 'social', provider: 'Google' });

  it('shows masked findings and does not import without --yes', async () => {
    put(KIRO_FILE, social());
    put('.aws/sso/cache/abc.json', {
      ...camelToken('aorSHORT'),
      clientId: 'a',
      clientSecret: 'b',
      region: 'us-east-1',
    });
    const { code, out, err } = await run('accounts', 'import');
    expect(code).toBe(2);
    expect(err).toContain('Pass --yes');
    expect(out).toMatch(/^from +kind +region +access token +credential +state +place\n/);
    expect(out).toMatch(/kiro-ide +social +us-east-1 +expired, will be renewed +aor…xxxx +new +~\/\.aws/);
    expect(out).toMatch(/sso-cache .* truncated /);
    expect(out).toContain('truncated: it has 8 characters');
    expect(out).not.toContain(SOCIAL_ACCOUNT.refreshToken);
    expect((await run('accounts', 'list', '--json')).out).toBe('{"accounts":[]}\n');
  });

  it('lists as JSON without importing, and reports what is imported already', async () => {
    put(KIRO_FILE, social());
    const listed = await run('accounts', 'import', '--json');
    expect([listed.code, JSON.parse(listed.out)]).toMatchObject([0, { found: [{ state: 'new' }], imported: [] }]);
    await run('accounts', 'import', '--yes');
    const again = await run('accounts', 'import', '--yes', '--json');
    expect([again.code, JSON.parse(again.out)]).toMatchObject([0, { found: [{ state: 'known' }], imported: [] }]);
  });

  it('imports the same credential from two places once, and different users from all of them', async () => {
    put(KIRO_FILE, social());
    const { clientId, clientSecret, refreshToken, startUrl } = DEFAULT_ACCOUNT;
    put('accounts.json', [
      { id: 'a', ...camelToken(refreshToken), clientId, clientSecret, startUrl },
      { id: 'b', ...camelToken(SOCIAL_ACCOUNT.refreshToken), authMethod: 'social' },
      { id: 'c', kiroApiKey: API_KEY_ACCOUNT.accessToken },
    ]);
    await run('accounts', 'import', '--yes');
    const { out } = await run('accounts', 'import', join(home, 'accounts.json'), '--yes', '--json');
    const { found, imported } = JSON.parse(out);
    expect(found).toMatchObject([{ state: 'new' }, { state: 'known' }, { state: 'new' }]);
    expect(imported.map(({ kind }: { kind: string }) => kind)).toEqual(['builder-id', 'api-key']);
  });

  it('uses the new credential after a new sign-in in its source', async () => {
    put(KIRO_FILE, social());
    await run('accounts', 'import', '--yes');
    const { clientId, clientSecret, refreshToken } = DEFAULT_ACCOUNT;
    put(KIRO_FILE, { ...camelToken(refreshToken), clientId, clientSecret, authMethod: 'IdC', provider: 'BuilderId' });
    const { out } = await run('accounts', 'import', '--yes', '--json');
    expect(JSON.parse(out)).toMatchObject({ found: [{ state: 'replaces' }], imported: [{ kind: 'builder-id' }] });
    expect(JSON.parse((await run('accounts', 'list', '--json')).out).accounts).toMatchObject([
      { kind: 'builder-id', profileArn: null },
    ]);
    expect(await chat()).toBe('It works.\n');
  });

  it('recovers when the program has signed in again', async () => {
    const cli = PROGRAMS.find(({ name }) => name === 'Kiro CLI with GitHub') ?? expect.fail('no such program');
    cli.install();
    await run('accounts', 'import', '--yes');
    simulator.setAccount(SOCIAL_ACCOUNT.id, { state: 'revoked' });
    const dead = await run('chat', 'Hi');
    expect([dead.code, dead.err]).toEqual([1, expect.stringContaining('Sign in again')]);
    expect((await run('accounts', 'list')).out).toContain('signed-out');
    simulator.setAccount(SOCIAL_ACCOUNT.id, { state: 'ok' });
    cli.write(await cli.refresh(SOCIAL_ACCOUNT.refreshToken));
    expect(await chat()).toBe('It works.\n');
    expect((await run('accounts', 'list')).out).toContain('ready');
  });

  it('takes effect in a running gateway', async () => {
    put(KIRO_FILE, social());
    const { DRAGOMAN_UPSTREAM_URL = '', DRAGOMAN_SOCIAL_AUTH_URL = '' } = process.env;
    const env = { DRAGOMAN_UPSTREAM_URL, DRAGOMAN_SOCIAL_AUTH_URL };
    const serving = startCommand(['serve', '--port', '0', '--json'], env, home);
    const { url, accounts } = JSON.parse(await serving.nextLine());
    expect(accounts.total).toBe(0);
    await run('accounts', 'import', '--yes');
    const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
    expect(await answer.text()).toContain('It works.');
  });

  it('keeps the account from the environment', async () => {
    vi.stubEnv('KIRO_API_KEY', API_KEY_ACCOUNT.accessToken);
    const { code } = await run('accounts', 'import', '--from', 'environment', '--yes');
    expect(code).toBe(0);
    vi.stubEnv('KIRO_API_KEY', '');
    expect(await chat()).toBe('It works.\n');
  });

  it.each([
    ['foreign JSON', 'package.json', '{"name":"x","version":"1"}', /holds no credential/],
    ['a file that is not JSON', 'notes.txt', 'Dear diary', /is not valid JSON/],
    ['a missing file', 'absent.json', undefined, /does not exist/],
  ])('reports the problem with %s', async (_name, name, text, message) => {
    if (text !== undefined) writeFileSync(join(home, name), text);
    const { code, out } = await run('accounts', 'import', join(home, name), '--yes');
    expect(code).toBe(1);
    expect(out).toMatch(message);
  });

  it.each([
    [['--from', 'kiro-ide', 'file.json'], /not both/],
    [['--from', 'elsewhere'], /"elsewhere" is not a source/],
    [['--profile-arn', 'arn:aws:s3:::x'], /not a profile ARN/],
  ])('rejects %j and imports nothing', async (args, message) => {
    put(KIRO_FILE, social());
    const { code, err } = await run('accounts', 'import', '--yes', ...args);
    expect(code).toBeGreaterThan(0);
    expect((await run('accounts', 'list', '--json')).out).toBe('{"accounts":[]}\n');
    expect(err).toMatch(message);
  });
});

describe('exporting', { timeout: 60_000 }, () => {
  it('writes a file that another dragoman imports with its options and without a link', async () => {
    const { refreshToken, clientId, clientSecret } = DEFAULT_ACCOUNT;
    put('accounts.json', [{ id: 'a', label: 'Mine', ...camelToken(refreshToken), clientId, clientSecret }]);
    await run('accounts', 'import', join(home, 'accounts.json'), '--yes');
    await run('accounts', 'set', 'Mine', '--priority', '5');
    const file = join(home, 'export.json');
    const done = await run('accounts', 'export', '--secrets', '--output', file);
    expect([done.code, done.out]).toEqual([0, expect.stringContaining('Exported 1 account')]);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    vi.stubEnv('DRAGOMAN_HOME', join(home, 'elsewhere'));
    const { out } = await run('accounts', 'import', file, '--yes', '--json');
    expect(JSON.parse(out)).toMatchObject({
      found: [{ origin: 'export', isLinked: false }],
      imported: [{ label: 'Mine', kind: 'builder-id', priority: 5, source: { type: 'import', path: null } }],
    });
    expect(await chat()).toBe('It works.\n');
    expect(readFileSync(file, 'utf8')).toContain(refreshToken);
  });

  it('contains no secret without --secrets, and is not importable then', async () => {
    put(KIRO_FILE, { ...camelToken(SOCIAL_ACCOUNT.refreshToken), authMethod: 'social', provider: 'Google' });
    await run('accounts', 'import', '--yes');
    const { out } = await run('accounts', 'export');
    expect(out).not.toMatch(/aor|aoa/);
    const file = join(home, 'list.json');
    expect((await run('accounts', 'export', '--output', file)).out).toContain('no credentials');
    vi.stubEnv('DRAGOMAN_HOME', join(home, 'elsewhere'));
    const imported = await run('accounts', 'import', file, '--yes');
    expect([imported.code, imported.out]).toEqual([1, expect.stringContaining('without --secrets')]);
  });

  it('does not write secrets to a screen or over a file', async () => {
    expect(await run('accounts', 'export', '--secrets')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--output'),
    });
    const file = join(home, 'there.json');
    writeFileSync(file, 'mine');
    const { code, err } = await run('accounts', 'export', '--secrets', '--output', file);
    expect([code, readFileSync(file, 'utf8')]).toEqual([1, 'mine']);
    expect(err).toContain('already exists');
  });
});
