import { readFileSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsMarkdown } from './cli/config.ts';
import { SETTING_KEYS, SETTINGS } from './config/settings.ts';
import { loadSettings, originText, type SettingKey, SettingsError, shownValue } from './config.ts';

function problemsOf(env: Record<string, string>, dotenv = ''): readonly string[] {
  try {
    loadSettings(env, [{ path: '.env', text: dotenv }]);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe('the settings', () => {
  it('gives every setting a default in an empty environment', () => {
    const { settings, origins } = loadSettings({});
    expect(Object.keys(settings).sort()).toEqual([...SETTING_KEYS].sort());
    expect(settings).toMatchObject({ host: '127.0.0.1', port: 8080, apiKeys: [], maxBodyBytes: 67_108_864 });
    expect(settings.databaseUrl).toBe(`sqlite:${join(homedir(), '.dragoman', 'dragoman.db')}`);
    expect(origins.port).toEqual({ from: 'default' });
  });

  it.each<[string, Record<string, string>, SettingKey, unknown]>([
    ['PORT of a host', { PORT: '3000' }, 'port', 3000],
    ['HOST', { HOST: '::1' }, 'host', '::1'],
    ['a number of workers', { DRAGOMAN_WORKERS: '3' }, 'workers', 3],
    ['a worker for each core', { DRAGOMAN_WORKERS: 'Auto' }, 'workers', availableParallelism()],
    ['OPENAI_KEYS of the account bridge', { OPENAI_KEYS: 'a, b,,c' }, 'apiKeys', ['a', 'b', 'c']],
    ['KIRO_CLIENT_TOKEN of the Go bridge', { KIRO_CLIENT_TOKEN: 'secret' }, 'apiKeys', ['secret']],
    [
      'the token endpoint',
      { AMAZONQ_TOKEN_ENDPOINT: 'https://oidc.eu-central-1.amazonaws.com/token' },
      'oidcUrl',
      'https://oidc.eu-central-1.amazonaws.com',
    ],
    [
      'the API endpoint',
      { AMAZONQ_API_ENDPOINT: 'https://q.us-east-1.amazonaws.com/' },
      'upstreamUrl',
      'https://q.us-east-1.amazonaws.com',
    ],
    [
      'a place for each region',
      { DRAGOMAN_UPSTREAM_URL: 'https://vpce-q.{region}.example.com/' },
      'upstreamUrl',
      'https://vpce-q.{region}.example.com',
    ],
    ['IAM by the command line’s own switch', { AMAZON_Q_SIGV4: '1' }, 'iam', ''],
    ['a named AWS profile', { DRAGOMAN_IAM: 'work' }, 'iam', 'work'],
    ['no IAM', { DRAGOMAN_IAM: 'off' }, 'iam', undefined],
    ['AWS_REFRESHTOKEN', { AWS_REFRESHTOKEN: 'r' }, 'refreshToken', 'r'],
    ['KIRO_API_KEY', { KIRO_API_KEY: 'k' }, 'kiroApiKey', 'k'],
    ['MAX_ERROR_COUNT', { MAX_ERROR_COUNT: '5' }, 'maxErrorCount', 5],
    ['LOG_LEVEL in capitals', { LOG_LEVEL: 'DEBUG' }, 'logLevel', 'debug'],
    ['a database', { DATABASE_URL: 'sqlite::memory:' }, 'databaseUrl', 'sqlite::memory:'],
    ['PostgreSQL', { DATABASE_URL: 'postgres://u:p@db/x' }, 'databaseUrl', 'postgres://u:p@db/x'],
    ['a home, with its database', { DRAGOMAN_HOME: '/data' }, 'databaseUrl', 'sqlite:/data/dragoman.db'],
    ['~ in a path', { DRAGOMAN_HOME: '~/d' }, 'home', join(homedir(), 'd')],
    ['a body limit with a unit', { DRAGOMAN_MAX_BODY_BYTES: '2 MiB' }, 'maxBodyBytes', 2_097_152],
    ['no Kiro token file', { DRAGOMAN_KIRO_TOKEN_FILE: 'off' }, 'kiroTokenFile', undefined],
    ['a switch', { DRAGOMAN_SEND_ENVIRONMENT: 'true' }, 'sendEnvironment', true],
    [
      'origins',
      { DRAGOMAN_CORS_ORIGINS: 'https://a.example, http://localhost:3000' },
      'corsOrigins',
      ['https://a.example', 'http://localhost:3000'],
    ],
    ['a proxy', { https_proxy: 'socks5://127.0.0.1:1080' }, 'httpsProxy', 'socks5://127.0.0.1:1080'],
    ['an empty value as not set', { PORT: '' }, 'port', 8080],
  ])('reads %s', (_, env, key, value) => {
    expect(loadSettings(env).settings[key]).toEqual(value);
  });

  it('prefers flags, then DRAGOMAN_ names anywhere, then borrowed names, the environment before the file', () => {
    const file = { path: '.env', text: 'DRAGOMAN_PORT=2\nPORT=3\nHOST=localhost # here' };
    const portOf = (env: Record<string, string>, flags = {}) => {
      const { settings, origins } = loadSettings(env, [file], flags);
      return [settings.port, originText(origins.port)];
    };
    expect(portOf({ PORT: '4' })).toEqual([2, '.env DRAGOMAN_PORT']);
    expect(portOf({ PORT: '4', DRAGOMAN_PORT: '5' })).toEqual([5, 'environment DRAGOMAN_PORT']);
    expect(portOf({ DRAGOMAN_PORT: '5' }, { port: { name: '--port', value: '6' } })).toEqual([6, 'flag --port']);
    expect(loadSettings({}, [file]).settings.host).toBe('localhost');
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['an unknown name, with the nearest one', { DRAGOMAN_PROT: '1' }, ['DRAGOMAN_PROT', 'Did you mean DRAGOMAN_PORT?']],
    [
      'an unknown name with no near one',
      { DRAGOMAN_FAVOURITE_COLOUR: 'red' },
      ['DRAGOMAN_FAVOURITE_COLOUR', 'dragoman config'],
    ],
    [
      'a port out of range',
      { DRAGOMAN_PORT: '70000' },
      ['DRAGOMAN_PORT', '70000', 'above 65535', 'a port, 0 to 65535'],
    ],
    ['a word for a number', { DRAGOMAN_PORT: 'http' }, ['DRAGOMAN_PORT', 'not a whole number']],
    [
      'a value that is not in the list',
      { DRAGOMAN_LOG_LEVEL: 'loud' },
      ['DRAGOMAN_LOG_LEVEL', 'loud', '`trace`'.replaceAll('`', '')],
    ],
    [
      'a region that would change the host name',
      { DRAGOMAN_REGION: 'evil.example/#' },
      ['DRAGOMAN_REGION', 'an AWS region'],
    ],
    [
      'an origin with a path',
      { DRAGOMAN_CORS_ORIGINS: 'https://a.example/x' },
      ['DRAGOMAN_CORS_ORIGINS', 'not an origin'],
    ],
    [
      'an unsupported database',
      { DRAGOMAN_DATABASE_URL: 'mysql://u:hunter2@db/x' },
      ['DRAGOMAN_DATABASE_URL', 'sqlite:'],
    ],
    ['a mistyped choice, with the nearest one', { DRAGOMAN_STRATEGY: 'stikcy' }, ['Did you mean sticky?']],
    ['a number too large to be exact', { DRAGOMAN_MAX_ERROR_COUNT: '99999999999999999999' }, ['too large']],
  ])('refuses %s', (_, env, words) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(1);
    for (const word of words) expect(problems[0]).toContain(word);
    expect(problems[0]).not.toContain('hunter2');
  });

  it.each<[string, Record<string, string>, SettingKey, unknown]>([
    ['a service link of an old cluster', { PORT: 'tcp://10.0.0.1:80' }, 'port', 8080],
    ['a log level of another program', { LOG_LEVEL: 'verbose' }, 'logLevel', 'info'],
    ['a database of another program', { DATABASE_URL: 'mysql://app:hunter2@db/app' }, 'databaseUrl', /dragoman\.db$/],
    ['a proxy without a scheme', { HTTP_PROXY: 'proxy.corp:3128' }, 'httpProxy', undefined],
    ['the platform of a compiler', { HOST: 'x86_64-conda-linux-gnu' }, 'host', '127.0.0.1'],
    ['a limit of another program', { MAX_ERROR_COUNT: 'many' }, 'maxErrorCount', 100],
  ])('skips %s with one warning', (_, env, key, expected) => {
    const { settings, origins, warnings } = loadSettings(env);
    if (expected instanceof RegExp) expect(settings[key]).toMatch(expected);
    else expect(settings[key]).toBe(expected);
    expect(origins[key]).toEqual({ from: 'default' });
    expect(warnings).toEqual([expect.stringContaining(`environment ${Object.keys(env)[0]}`)]);
    expect(warnings[0]).toContain('ignores it');
    expect(warnings[0]).not.toContain('hunter2');
  });

  it('falls back to the next name after a skipped value', () => {
    const file = { path: '.env', text: 'PORT=3000\n' };
    const { settings, warnings } = loadSettings({ PORT: 'tcp://10.0.0.1:80' }, [file]);
    expect([settings.port, warnings.length]).toEqual([3000, 1]);
  });

  it('does not warn about an unused value of a borrowed name', () => {
    expect(loadSettings({ DRAGOMAN_PORT: '1', PORT: 'tcp://10.0.0.1:80' }).warnings).toEqual([]);
  });

  it('reports all problems at once, including those in the file', () => {
    expect(problemsOf({ DRAGOMAN_PORT: 'x', DRAGOMAN_REGION: 'y' }, 'DRAGOMAN_HOTS=1')).toHaveLength(3);
  });

  it('rejects recorded text without a ledger to record it in', () => {
    const env = { DRAGOMAN_LEDGER: 'no', DRAGOMAN_LEDGER_TEXT: 'sealed' };
    expect(problemsOf(env)).toEqual([expect.stringContaining('without a ledger no text is kept')]);
    for (const one of Object.entries(env)) expect(problemsOf(Object.fromEntries([one]))).toEqual([]);
  });

  it('never shows a secret, neither as a value nor in an error', () => {
    const canary = 'canary-8f2b';
    const env = Object.fromEntries(
      SETTING_KEYS.filter((key) => SETTINGS[key].isSecret).map((key) => [SETTINGS[key].name, canary]),
    );
    expect(problemsOf(env).length).toBeGreaterThan(0);
    expect(problemsOf(env).join()).not.toContain(canary);
    const long = { DRAGOMAN_SECRET_KEY: canary.repeat(4), DRAGOMAN_API_KEYS: canary, DRAGOMAN_REFRESH_TOKEN: canary };
    const loaded = loadSettings({
      ...long,
      HTTPS_PROXY: `http://user:p@${canary}@proxy:3128`,
      DRAGOMAN_UPSTREAM_URL: `https://u:${canary}@h`,
    });
    expect(JSON.stringify(SETTING_KEYS.map((key) => shownValue(key, loaded.settings)))).not.toContain(canary);
  });

  it('reads the example file with every line uncommented', () => {
    const example = readFileSync(join(import.meta.dirname, '../.env.example'), 'utf8');
    const { origins } = loadSettings({}, [{ path: '.env', text: example.replaceAll(/^#(?=[A-Z])/gm, '') }]);
    expect(Object.values(origins).filter(({ from }) => from === 'file').length).toBeGreaterThan(5);
  });

  it('documents every setting', () => {
    const page = readFileSync(join(import.meta.dirname, '../docs/settings.md'), 'utf8');
    expect(page).toContain(settingsMarkdown());
  });
});
