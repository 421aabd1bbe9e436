import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discover, inspectFile, type Machine } from './discover.ts';

const READING = { nowMs: Date.UTC(2026, 0, 5), idpHosts: [] };
const ALL = ['kiro-ide', 'kiro-cli', 'amazon-q-cli', 'sso-cache'] as const;
const R = (name: string) => `aor${name}${'x'.repeat(150)}`;
const SOCIAL = { access_token: 'aoa', refresh_token: R('s'), expires_at: '2026-01-05T10:00:00Z', provider: 'google' };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-home-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function database(path: string, rows: Readonly<Record<string, object>>): void {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  const opened = new DatabaseSync(file);
  opened.exec('create table auth_kv (key text primary key, value text)');
  for (const [key, value] of Object.entries(rows))
    opened.prepare('insert into auth_kv values (?, ?)').run(key, JSON.stringify(value));
  opened.close();
}

function json(path: string, value: unknown): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
  return file;
}

const machine = (platform: NodeJS.Platform, env: Machine['env'] = {}): Machine => ({ home, platform, env });

describe('discovery on a machine', () => {
  it('finds nothing on an empty one', async () => {
    expect(await discover(machine('linux'), ALL, READING)).toEqual([]);
  });

  it.each<[string, NodeJS.Platform, string, (home: string) => Machine['env']]>([
    ['Linux', 'linux', '.local/share/kiro-cli', () => ({})],
    ['Linux with its data elsewhere', 'linux', 'data/kiro-cli', (at) => ({ XDG_DATA_HOME: join(at, 'data') })],
    ['macOS', 'darwin', 'Library/Application Support/kiro-cli', () => ({})],
    ['Windows', 'win32', 'AppData/Local/Kiro-Cli', () => ({})],
    ['Windows, the other place', 'win32', 'roaming/kiro-cli', (at) => ({ APPDATA: join(at, 'roaming') })],
  ])('finds Kiro CLI on %s', async (_name, platform, folder, env) => {
    database(`${folder}/data.sqlite3`, { 'kirocli:social:token': SOCIAL });
    const found = await discover(machine(platform, env(home)), ALL, READING);
    expect(found).toMatchObject([{ origin: 'kiro-cli', place: expect.stringContaining(join(home, folder)) }]);
  });

  it('reports a credential found twice once, at the first place', async () => {
    const kiro = { accessToken: 'aoa', refreshToken: R('s'), expiresAt: SOCIAL.expires_at, authMethod: 'social' };
    json('.aws/sso/cache/kiro-auth-token.json', kiro);
    database('.local/share/kiro-cli/data.sqlite3', {
      'kirocli:social:token': SOCIAL,
      'codewhisperer:odic:token': { ...SOCIAL, refresh_token: R('q') },
    });
    const found = await discover(machine('linux'), ALL, READING);
    expect(found.map(({ origin, outcome }) => [origin, outcome.type])).toEqual([
      ['kiro-ide', 'credential'],
      ['amazon-q-cli', 'problem'],
      ['kiro-cli', 'problem'],
    ]);
    expect(found[2]?.outcome).toMatchObject({
      problem: { code: 'duplicate', message: expect.stringContaining('kiro-auth-token.json') },
    });
  });
});

describe('a file given by path', () => {
  const kiro = { accessToken: 'aoa', refreshToken: R('k'), expiresAt: '2026-01-05T10:00:00Z', authMethod: 'social' };
  const inspect = async (path: string) => (await inspectFile(join(home, path), READING))[0];

  it('is recognized by its content', async () => {
    json('backup/kiro-auth-token.json', kiro);
    expect((await inspect('backup/kiro-auth-token.json'))?.source).toMatchObject({ type: 'kiro-file', imported: true });
    json('other.json', { ...kiro, clientIdHash: 'abc' });
    expect((await inspect('other.json'))?.source.type).toBe('kiro-file');
    json('mine.json', kiro);
    expect((await inspect('mine.json'))?.source).toEqual({ type: 'gateway-file', path: join(home, 'mine.json') });
    database('copy.db', { 'kirocli:social:token': SOCIAL });
    expect((await inspect('copy.db'))?.source).toMatchObject({ type: 'cli-database', key: 'kirocli:social:token' });
    const token = { ...kiro, clientId: 'i', clientSecret: 's', region: 'us-east-1', authMethod: undefined };
    json('.aws/sso/cache/abc.json', token);
    expect((await inspect('.aws/sso/cache/abc.json'))?.source.type).toBe('sso-cache');
  });

  it('is rejected if it is missing, holds no sign-in, or is an export of a newer version', async () => {
    const code = async (path: string) => {
      const outcome = (await inspect(path))?.outcome;
      return outcome?.type === 'problem' ? outcome.problem.code : outcome?.type;
    };
    expect(await code('absent.json')).toBe('missing');
    mkdirSync(join(home, 'folder'));
    expect(await code('folder')).toBe('unreadable');
    database('empty.db', {});
    expect(await code('empty.db')).toBe('unknown-shape');
    json('export.json', { format: 'dragoman-accounts', version: 2, withSecrets: true, accounts: [{ id: 'aws-1234' }] });
    expect(await code('export.json')).toBe('unknown-shape');
  });
});
