import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findInCliDatabase } from './cli-database.ts';
import { openLinked } from './linked.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 9);
const ARN = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/ABCDEFGHIJKL';
const REFRESH = `aor${'x'.repeat(200)}`;
const TOKEN = {
  access_token: 'aoaACCESS',
  expires_at: '2026-01-05T10:00:00.123456789Z',
  refresh_token: REFRESH,
  region: 'us-east-1',
  start_url: 'https://view.awsapps.com/start',
  oauth_flow: 'DeviceCode',
  scopes: ['codewhisperer:conversations'],
};
const REGISTRATION = {
  client_id: 'id',
  client_secret: 'secret',
  client_secret_expires_at: '2026-03-01T00:00:00Z',
  region: 'us-east-1',
  oauth_flow: 'DeviceCode',
  scopes: ['codewhisperer:conversations'],
};
const IDC = { ...TOKEN, region: 'eu-central-1', start_url: 'https://acme.awsapps.com/start' };
const IDC_REGISTRATION = { ...REGISTRATION, region: 'eu-central-1' };
const SOCIAL = { ...TOKEN, provider: 'google', profile_arn: ARN, start_url: undefined, region: undefined };

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-cli-'));
  path = join(folder, 'data.sqlite3');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(auth: Readonly<Record<string, object>>, state: Readonly<Record<string, object>> = {}): void {
  const database = new DatabaseSync(path);
  database.exec('create table auth_kv (key text primary key, value text)');
  database.exec('create table state (key text primary key, value blob)');
  const put = database.prepare('insert into auth_kv values (?, ?)');
  for (const [key, value] of Object.entries(auth)) put.run(key, JSON.stringify(value));
  const putState = database.prepare('insert into state values (?, ?)');
  for (const [key, value] of Object.entries(state)) putState.run(key, Buffer.from(JSON.stringify(value)));
  database.close();
}

function rowAt(key: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare('select value from auth_kv where key = ?').get(key);
  database.close();
  return JSON.parse(String(row?.value));
}

const find = () => findInCliDatabase(path, 'kiro-cli', { nowMs: NOW_MS, idpHosts: [] });
async function outcomes() {
  return (await find()).map(({ outcome }) =>
    outcome.type === 'credential' ? outcome.secrets.credential : outcome.problem.code,
  );
}

describe('importing from the CLI databases', () => {
  it('finds each sign-in as an account with its own registration', async () => {
    write({
      'kirocli:odic:token': TOKEN,
      'kirocli:odic:device-registration': REGISTRATION,
      'codewhisperer:odic:token': { ...IDC, refresh_token: `${REFRESH}q` },
      'codewhisperer:odic:device-registration': { ...IDC_REGISTRATION, client_id: 'q' },
      'kirocli:social:token': { ...SOCIAL, refresh_token: `${REFRESH}s` },
      'telemetry:something': {},
    });
    const found = await find();
    expect(found.map(({ origin, label, source }) => [origin, label, source])).toEqual([
      ['amazon-q-cli', 'Amazon Q CLI', { type: 'cli-database', path, key: 'codewhisperer:odic:token' }],
      ['kiro-cli', 'Kiro CLI', { type: 'cli-database', path, key: 'kirocli:odic:token' }],
      ['kiro-cli', 'Kiro CLI', { type: 'cli-database', path, key: 'kirocli:social:token' }],
    ]);
    expect(new Set(found.map(({ id }) => id)).size).toBe(3);
    expect(await outcomes()).toEqual([
      expect.objectContaining({ kind: 'idc', clientId: 'q', region: 'eu-central-1', refreshToken: `${REFRESH}q` }),
      expect.objectContaining({ kind: 'builder-id', clientId: 'id', startUrl: TOKEN.start_url }),
      expect.objectContaining({ kind: 'social', profileArn: ARN, region: 'us-east-1' }),
    ]);
  });

  it('finds a sign-in at an identity provider, with the chosen profile', async () => {
    const endpoint = 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token';
    const issuer = { issuer_url: 'https://login.microsoftonline.com/tenant/v2.0', token_endpoint: endpoint };
    const token = { ...TOKEN, ...issuer, client_id: 'app', start_url: undefined };
    write({ 'kirocli:external-idp:token': token }, { 'api.codewhisperer.profile': { arn: ARN } });
    expect(await outcomes()).toMatchObject([
      { kind: 'external-idp', clientId: 'app', tokenEndpoint: endpoint, profileArn: ARN },
    ]);
  });

  it('reads dates to the nanosecond, and the other spelling of oidc', async () => {
    write({ 'kirocli:oidc:token': TOKEN, 'kirocli:oidc:device-registration': REGISTRATION });
    const file = openLinked({ type: 'cli-database', path, key: 'kirocli:oidc:token' }, () => NOW_MS);
    expect((await file.read())?.accessToken).toEqual({
      value: 'aoaACCESS',
      expiresAtMs: Date.UTC(2026, 0, 5, 10, 0, 0, 123),
    });
  });

  it('uses the chosen profile for a single organisation, and for none if there are two', async () => {
    const registration = { 'kirocli:odic:device-registration': IDC_REGISTRATION };
    const profile = { 'api.codewhisperer.profile': { arn: ARN, profile_name: 'acme' } };
    write({ 'kirocli:odic:token': IDC, ...registration }, profile);
    expect(await outcomes()).toMatchObject([{ kind: 'idc', profileArn: ARN }]);
    rmSync(path);
    const other = { 'codewhisperer:odic:token': IDC, 'codewhisperer:odic:device-registration': IDC_REGISTRATION };
    write({ 'kirocli:odic:token': IDC, ...registration, ...other }, profile);
    expect(await outcomes()).toMatchObject([{ profileArn: undefined }, { profileArn: undefined }]);
  });

  it.each([
    ['no registration', { 'kirocli:odic:token': TOKEN }, 'no-registration'],
    [
      'a registration of another region',
      { 'kirocli:odic:token': TOKEN, 'kirocli:odic:device-registration': IDC_REGISTRATION },
      'no-registration',
    ],
    [
      'a registration of the other program',
      { 'kirocli:odic:token': TOKEN, 'codewhisperer:odic:device-registration': REGISTRATION },
      'no-registration',
    ],
    [
      'an expired registration',
      {
        'kirocli:odic:token': TOKEN,
        'kirocli:odic:device-registration': { ...REGISTRATION, client_secret_expires_at: '2026-01-01T00:00:00Z' },
      },
      'expired',
    ],
    ['a masked token', { 'kirocli:social:token': { ...SOCIAL, refresh_token: `aor***${REFRESH}` } }, 'masked'],
    ['a wrong region', { 'kirocli:social:token': { ...SOCIAL, region: 'us-east-1.evil' } }, 'bad-region'],
    ['a malformed ARN', { 'kirocli:social:token': { ...SOCIAL, profile_arn: 'arn:1' } }, 'bad-arn'],
    ['something else where the token is', { 'kirocli:social:token': ['no'] }, 'unknown-shape'],
  ])('reports %s', async (_name, auth, code) => {
    write(auth);
    expect(await outcomes()).toEqual([code]);
  });

  it('reports a malformed ARN in the state', async () => {
    const auth = { 'kirocli:odic:token': IDC, 'kirocli:odic:device-registration': IDC_REGISTRATION };
    write(auth, { 'api.codewhisperer.profile': { arn: 'arn:aws:iam::1:role/x' } });
    expect(await outcomes()).toEqual(['bad-arn']);
  });

  it('reports a database of another program, and a file that is not a database', async () => {
    new DatabaseSync(path).exec('create table other (a)');
    expect(await outcomes()).toEqual(['unknown-shape']);
    writeFileSync(path, 'This is not a database, despite its name. '.repeat(50));
    expect(await outcomes()).toEqual(['unknown-shape']);
    rmSync(path);
    expect(await outcomes()).toEqual(['unreadable']);
  });

  it('reports a database that stays locked', async () => {
    write({ 'kirocli:social:token': SOCIAL });
    const theirs = new DatabaseSync(path);
    theirs.exec('begin exclusive');
    const [finding] = await findInCliDatabase(path, 'kiro-cli', { nowMs: NOW_MS }, 60);
    expect(finding?.outcome).toMatchObject({
      problem: { code: 'locked', message: expect.stringContaining('Close that program') },
    });
    theirs.close();
  });

  it('waits for a program that is writing', async () => {
    write({ 'kirocli:social:token': SOCIAL });
    const theirs = new DatabaseSync(path);
    theirs.exec('begin exclusive');
    const found = outcomes();
    setTimeout(() => theirs.exec('commit'), 60);
    expect(await found).toMatchObject([{ kind: 'social' }]);
    theirs.close();
  });
});

describe('writing back', () => {
  const accessToken = { value: 'aoaNEW', expiresAtMs: Date.UTC(2026, 0, 5, 11) };
  const key = 'kirocli:odic:token';
  const file = () => openLinked({ type: 'cli-database', path, key }, () => NOW_MS);

  async function setup() {
    write({ [key]: TOKEN, 'kirocli:odic:device-registration': REGISTRATION, 'kirocli:social:token': SOCIAL });
    const credential = (await file().read())?.credential;
    return credential?.kind === 'builder-id' ? credential : expect.fail('no credential');
  }

  it('changes only the tokens and the date, in the program’s own format', async () => {
    const credential = await setup();
    const { mode } = statSync(path);
    const next = { ...credential, refreshToken: `${REFRESH}2` };
    const outcome = await file().write(next, accessToken, (present) => 'refreshToken' in present);
    expect(outcome).toBe('written');
    expect(rowAt(key)).toEqual({
      ...TOKEN,
      access_token: 'aoaNEW',
      refresh_token: `${REFRESH}2`,
      expires_at: '2026-01-05T11:00:00.000Z',
    });
    expect(rowAt('kirocli:social:token')).toEqual({ ...SOCIAL, start_url: undefined });
    expect(statSync(path).mode).toBe(mode);
    expect(await file().read()).toMatchObject({ credential: next, accessToken });
  });

  it('keeps a newer sign-in, and does not restore a removed row', async () => {
    const credential = await setup();
    expect(await file().write(credential, accessToken, () => false)).toBe('theirs-is-newer');
    expect(rowAt(key)).toEqual(TOKEN);
    const database = new DatabaseSync(path);
    database.prepare('delete from auth_kv where key = ?').run(key);
    database.close();
    expect(await file().write(credential, accessToken, () => true)).toBe('gone');
    rmSync(path);
    expect(await file().write(credential, accessToken, () => true)).toBe('gone');
    expect(existsSync(path)).toBe(false);
  });

  it('works while a program has the database open with a write-ahead log', async () => {
    const credential = await setup();
    const theirs = new DatabaseSync(path);
    theirs.exec('pragma journal_mode = wal');
    const inLog = JSON.stringify({ ...TOKEN, refresh_token: `${REFRESH}log` });
    theirs.prepare('update auth_kv set value = ? where key = ?').run(inLog, key);
    expect((await file().read())?.credential).toMatchObject({ refreshToken: `${REFRESH}log` });
    expect(await file().write(credential, accessToken, () => true)).toBe('written');
    const seen = theirs.prepare('select value from auth_kv where key = ?').get(key);
    expect(JSON.parse(String(seen?.value))).toMatchObject({ access_token: 'aoaNEW', refresh_token: REFRESH });
    theirs.close();
  });

  it('waits while its program writes, and keeps what that has written', async () => {
    const credential = await setup();
    const theirs = new DatabaseSync(path);
    theirs.exec('begin immediate');
    const seen: string[] = [];
    const writing = file().write(credential, accessToken, (present) => {
      if ('refreshToken' in present) seen.push(present.refreshToken);
      return false;
    });
    const changed = JSON.stringify({ ...TOKEN, refresh_token: `${REFRESH}theirs` });
    theirs.prepare('update auth_kv set value = ? where key = ?').run(changed, key);
    setTimeout(() => theirs.exec('commit'), 60);
    expect(await writing).toBe('theirs-is-newer');
    expect(seen).toEqual([`${REFRESH}theirs`]);
    theirs.close();
  });
});
