/** Stores of other programs that have a form of their own: a database, a folder, pools of files. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../core/json.ts';
import { discover, inspectFile } from './discover.ts';
import { importStatusOf } from './import-status.ts';
import { openLinked } from './linked.ts';

const NOW_MS = Date.UTC(2026, 0, 5);
const READING = { nowMs: NOW_MS, idpHosts: [] };
const R = (name: string) => `aor${name}${'x'.repeat(150)}`;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-others-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(path: string, value: JsonValue): string {
  const file = join(home, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify(value, undefined, 2));
  return file;
}

async function inspect(path: string) {
  return (await inspectFile(path, READING)).map(({ label, enabled = true, source, outcome }) => ({
    label,
    enabled,
    source: source.type,
    is: outcome.type === 'credential' ? outcome.secrets.credential.kind : outcome.problem.code,
  }));
}

describe('the database of q2api', () => {
  const TABLE = `create table accounts (
    id text primary key, label text, clientId text, clientSecret text, refreshToken text, accessToken text, other text,
    last_refresh_time text, last_refresh_status text, created_at text, updated_at text`;
  const COUNTED = ', enabled integer default 1, error_count integer default 0, success_count integer default 0)';

  function database(create: string, ...inserts: string[]): string {
    const path = join(home, 'data.sqlite3');
    const db = new DatabaseSync(path);
    db.exec('pragma journal_mode = wal');
    for (const statement of [create, ...inserts]) db.exec(statement);
    db.close();
    return path;
  }
  const row = (id: string, values: string, columns = '') =>
    `insert into accounts (id, label, clientId, clientSecret, refreshToken${columns}) values ('${id}', ${values})`;

  it('gives each account, and keeps disabled ones disabled', async () => {
    const path = database(
      TABLE + COUNTED,
      row('1', `'mine', 'id', 'secret', '${R('one')}'`),
      row('2', `'mine', 'id', 'secret', '${R('two')}', 0`, ', enabled'),
      row('3', `null, 'id', 'secret', null`),
    );
    const found = await inspectFile(path, READING);
    expect(await inspect(path)).toEqual([
      { label: 'mine', enabled: true, source: 'import', is: 'builder-id' },
      { label: 'mine', enabled: false, source: 'import', is: 'builder-id' },
      { label: '3', enabled: true, source: 'import', is: 'no-refresh-token' },
    ]);
    expect(new Set(found.map(({ id }) => id)).size).toBe(3);
    const states = found.slice(0, 2).map((finding) => {
      const standing = importStatusOf(finding, []);
      return standing.type === 'new' ? standing.account.health.state : standing.type;
    });
    expect(states).toEqual([{ status: 'ready' }, { status: 'disabled', by: 'operator' }]);
  });

  it('may lack the column `enabled`', async () => {
    const path = database(`${TABLE})`, row('1', `'mine', 'id', 'secret', '${R('one')}'`));
    expect(await inspect(path)).toEqual([{ label: 'mine', enabled: true, source: 'import', is: 'builder-id' }]);
  });

  it('of a fork may hold accounts of other services, which are ignored', async () => {
    const path = database(
      `${TABLE}, type text)`,
      row('1', `'q', 'id', 'secret', '${R('q')}', 'amazonq'`, ', type'),
      row('2', `'g', 'id', 'secret', '1//google-${'x'.repeat(120)}', 'gemini'`, ', type'),
    );
    expect((await inspect(path)).map(({ is }) => is)).toEqual(['builder-id', 'foreign']);
  });

  it('is reported if it has no accounts or is of another kind', async () => {
    expect((await inspect(database(TABLE + COUNTED))).map(({ is }) => is)).toEqual(['unknown-shape']);
    rmSync(join(home, 'data.sqlite3'));
    expect((await inspect(database('create table accounts (id text)'))).map(({ is }) => is)).toEqual(['unknown-shape']);
  });
});

describe('the folder of codewhisperer-openai-proxy', () => {
  const TOKEN = {
    access_token: 'aoaACCESS',
    expires_at: '2026-01-05T10:00:00.000Z',
    refresh_token: R('proxy'),
    region: 'us-east-1',
    start_url: 'https://view.awsapps.com/start',
    oauth_flow: 'DeviceCode',
    scopes: ['codewhisperer:completions'],
  };
  const REGISTRATION = {
    client_id: 'id',
    client_secret: 'secret',
    client_secret_expires_at: '2026-03-01T00:00:00.000Z',
    region: 'us-east-1',
    oauth_flow: 'DeviceCode',
    scopes: ['codewhisperer:completions'],
  };
  const IS_FOUND = [{ label: 'codewhisperer-proxy', enabled: true, source: 'codewhisperer-proxy', is: 'builder-id' }];
  const machine = () => ({ home, platform: 'linux', env: {} }) as const;

  it('is discovered, and recognized by its name and by that of its token', async () => {
    expect(await discover(machine(), ['codewhisperer-proxy'], READING)).toEqual([]);
    write('.codewhisperer-proxy/registration.json', REGISTRATION);
    const file = write('.codewhisperer-proxy/tokens.json', TOKEN);
    const [found] = await discover(machine(), ['codewhisperer-proxy'], READING);
    expect(found).toMatchObject({ place: file, outcome: { secrets: { credential: { clientId: 'id' } } } });
    expect(await inspect(join(home, '.codewhisperer-proxy'))).toEqual(IS_FOUND);
    expect(await inspect(file)).toEqual(IS_FOUND);
  });

  it.each<[string, JsonValue | undefined]>([
    ['is missing', undefined],
    ['is of another region', { ...REGISTRATION, region: 'eu-west-1' }],
  ])('is unusable if its registration %s', async (_, registration) => {
    if (registration !== undefined) write('.codewhisperer-proxy/registration.json', registration);
    const file = write('.codewhisperer-proxy/tokens.json', TOKEN);
    expect((await inspect(file)).map(({ is }) => is)).toEqual(['no-registration']);
  });

  it('receives rotated tokens in its own format', async () => {
    write('.codewhisperer-proxy/registration.json', REGISTRATION);
    const path = write('.codewhisperer-proxy/tokens.json', TOKEN);
    const linked = openLinked({ type: 'codewhisperer-proxy', path }, () => NOW_MS);
    const read = await linked.read();
    if (read?.credential.kind !== 'builder-id') return expect.fail('not read');
    const credential = { ...read.credential, refreshToken: R('next') };
    const accessToken = { value: 'aoaNEXT', expiresAtMs: NOW_MS + 3_600_000 };
    expect(await linked.write(credential, accessToken, () => true)).toBe('written');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      ...TOKEN,
      access_token: 'aoaNEXT',
      refresh_token: R('next'),
      expires_at: '2026-01-05T01:00:00.000Z',
    });
  });
});

describe('the provider pools of AIClient-2-API', () => {
  const SOCIAL = { accessToken: 'aoa', refreshToken: R('social'), authMethod: 'social', expiresAt: '2026-01-06' };
  const BUILDER_ID = {
    refreshToken: R('builder'),
    clientId: 'id',
    clientSecret: 'secret',
    authMethod: 'builder-id',
    idcRegion: 'us-east-1',
  };
  const entry = (file: string, more: Record<string, JsonValue> = {}) => ({
    KIRO_OAUTH_CREDS_FILE_PATH: file,
    uuid: file,
    isHealthy: true,
    ...more,
  });
  const FOREIGN = { 'gemini-cli-oauth': [{ GEMINI_OAUTH_CREDS_FILE_PATH: './google.json', uuid: 'g' }] };

  it('give each Kiro account its name and a link to its own file', async () => {
    write('kiro_creds1.json', SOCIAL);
    write('configs/kiro/2.json', BUILDER_ID);
    const path = write('configs/provider_pools.json', {
      ...FOREIGN,
      'claude-kiro-oauth': [
        entry('./kiro_creds1.json', { customName: 'Kiro one' }),
        entry('configs\\kiro\\2.json', { customName: 'Kiro two', isDisabled: true }),
      ],
    });
    expect(await inspect(path)).toEqual([
      { label: 'Kiro one', enabled: true, source: 'gateway-file', is: 'social' },
      { label: 'Kiro two', enabled: false, source: 'gateway-file', is: 'builder-id' },
    ]);
  });

  it('may hold a credential in base64', async () => {
    const KIRO_OAUTH_CREDS_BASE64 = Buffer.from(JSON.stringify(BUILDER_ID)).toString('base64');
    const pool = [
      { uuid: 'u-1', KIRO_OAUTH_CREDS_BASE64 },
      { uuid: 'u-2', KIRO_OAUTH_CREDS_BASE64: '!' },
    ];
    const path = write('provider_pools.json', { 'claude-kiro-oauth-2': pool });
    expect(await inspect(path)).toEqual([
      { label: 'u-1', enabled: true, source: 'import', is: 'builder-id' },
      { label: 'u-2', enabled: true, source: 'import', is: 'not-json' },
    ]);
  });

  it('report a missing file, and do not follow other pools files', async () => {
    const path = write('provider_pools.json', {
      'claude-kiro-oauth': [entry('gone.json'), entry('provider_pools.json'), { uuid: 'nothing' }],
    });
    const findings = await inspectFile(path, READING);
    const problems = findings.map(({ outcome }) => (outcome.type === 'problem' ? outcome.problem : undefined));
    expect(problems.map((problem) => problem?.code)).toEqual(['missing', 'unknown-shape', 'unknown-shape']);
    expect(problems[0]?.message).toContain('gone.json');
  });
});
