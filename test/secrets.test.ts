/**
 * Canaries: a busy run at log level `trace`, with everything that can go wrong going wrong. Nothing secret and nothing
 * that was said is found in the whole log, in the SQLite file, or in any row of PostgreSQL.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NEW_ACCOUNT } from '../src/accounts/health.ts';
import { IDC_ACCOUNT } from '../src/simulator/default-accounts.ts';
import { environmentFor } from '../src/simulator/environment.ts';
import { startSimulator } from '../src/simulator/server.ts';
import { openStore } from '../src/storage/open.ts';
import { systemClock } from '../src/transport/clock.ts';
import { servedAt } from './chaos/client.ts';
import { writeKiroFile } from './chaos/processes.ts';
import { createHome, startCommand } from './support/command.ts';
import { ask, createTestDatabase } from './support/postgres.ts';

const API_KEY = 'MARKED-API-KEY-0123456789';
const WRONG_KEY = 'MARKED-WRONG-KEY-0123456789';
const ADMIN_TOKEN = 'MARKED-ADMIN-TOKEN-0123456789';
const SECRET_KEY = 'MARKED-SECRET-KEY-0123456789-0123456789';
const PROXY_PASSWORD = 'MARKED-PROXY-PASSWORD';
const SAID = 'MARKED-WORDS-OF-THE-USER';
/** The prefix of all tokens of the simulator. */
const SECRETS = /MARKED|ao[ar]Simulat\w*|simulator-(?:idc-)?client-secret|"(?:refresh|access)Token":"[^"]/;

const open = {
  async sqlite(home: string) {
    const folder = join(home, '.dragoman');
    const dump = async () => {
      const files = readdirSync(folder).filter((name) => name.startsWith('dragoman') && !name.endsWith('.locks'));
      expect(files).toEqual(expect.arrayContaining(['dragoman.db-wal', 'dragoman-ledger.db-wal']));
      return files.map((name) => readFileSync(join(folder, name)).toString('latin1')).join('\n');
    };
    return { url: `sqlite:${join(folder, 'dragoman.db')}`, password: undefined, dump };
  },
  async postgres() {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const dump = async () => {
      const tables = await ask(database.url, "select tablename from pg_tables where schemaname = 'public'");
      expect(tables.length).toBeGreaterThan(3);
      const rows = await Promise.all(tables.map(({ tablename }) => ask(database.url, `select * from "${tablename}"`)));
      const values = rows.flat().flatMap((row) => Object.values(row));
      return values.map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value))).join('\n');
    };
    return { url: database.url, password: new URL(database.url).password, dump };
  },
};

describe.each([
  ['sqlite', 'none'],
  ['postgres', 'sealed'],
] as const)('a busy run over %s that records text: %s', (engine, ledgerText) => {
  it('leaves no secret in its database, its log or its output', { timeout: 60_000 }, async () => {
    await using simulator = await startSimulator({ accessTokenLifeS: 30 });
    const home = createHome();
    const { url: databaseUrl, password, dump } = await open[engine](home);
    const kiroFile = join(home, 'kiro-auth-token.json');
    writeKiroFile(kiroFile);
    await putProxied(databaseUrl, join(home, '.dragoman'));
    const env = {
      ...environmentFor(simulator.url),
      DRAGOMAN_DATABASE_URL: databaseUrl,
      DRAGOMAN_SECRET_KEY: SECRET_KEY,
      DRAGOMAN_API_KEYS: API_KEY,
      DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN,
      DRAGOMAN_KIRO_TOKEN_FILE: kiroFile,
      DRAGOMAN_STRATEGY: 'round-robin',
      DRAGOMAN_LOG_LEVEL: 'trace',
      DRAGOMAN_LEDGER_TEXT: ledgerText,
    };
    const gateway = startCommand(['serve', '--port', '0', '--json'], env, home);
    const serving = { url: servedAt(await gateway.nextLine()) };
    const chat = async (key = API_KEY) => {
      const body = { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: SAID }] };
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const response = await fetch(`${serving.url}/v1/chat/completions`, init);
      await response.text();
      return response.status;
    };
    const administrate = async (path: string, method = 'GET') => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const response = await fetch(`${serving.url}${path}`, { method, headers });
      return response.text();
    };
    for (let request = 0; request < 6; request++) expect(await chat()).toBe(200);
    expect(await chat(WRONG_KEY)).toBe(401);
    simulator.expireAccessTokens('default');
    simulator.expireAccessTokens('social');
    for (let request = 0; request < 4; request++) expect(await chat()).toBe(200);
    await fetch(`${serving.url}/v1/models?key=${WRONG_KEY}`, { headers: { 'x-api-key': WRONG_KEY } });
    const views = await administrate('/v2/accounts');
    await administrate('/v2/accounts/env-1/refresh', 'POST');
    simulator.setAccount('social', { state: 'revoked' });
    for (let request = 0; request < 4; request++) await chat();
    const stored = await dump();
    const { code, out, err } = await gateway.end('SIGTERM');
    expect(code).toBe(0);
    const places = { stored, log: err, out, views };
    for (const [place, text] of Object.entries(places)) {
      expect([place, SECRETS.exec(text)?.[0]]).toEqual([place, undefined]);
      if (password !== undefined) expect([place, text.includes(password)]).toEqual([place, false]);
    }
    // Proves that the run was busy and logged.
    expect(err).toContain('refreshed an access token');
    expect(err).toContain('credential_rejected');
    expect(err).toContain('POST /v1/chat/completions 401');
    expect(stored.length).toBeGreaterThan(1_000);
  });
});

/** An account behind a proxy with a password that rejects all requests. */
async function putProxied(databaseUrl: string, home: string): Promise<void> {
  const proxy = createServer((socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')).listen(0, '127.0.0.1');
  onTestFinished(() => void proxy.close());
  await new Promise((resolve) => proxy.once('listening', resolve));
  const address = proxy.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const { refreshToken, clientId, clientSecret, region, startUrl, profileArn } = IDC_ACCOUNT;
  const store = await openStore({ url: databaseUrl, home, secretKey: SECRET_KEY, clock: systemClock });
  await store.accounts.put(
    {
      id: 'proxied',
      label: 'proxied',
      source: { type: 'sign-in' },
      credential: { kind: 'idc', refreshToken, clientId, clientSecret, region, startUrl, profileArn },
      accessToken: undefined,
      proxy: `http://user:${PROXY_PASSWORD}@127.0.0.1:${port}`,
      health: NEW_ACCOUNT,
    },
    1,
  );
  await store.registrations.put(region, startUrl, { clientId, clientSecret, expiresAtMs: 5 }, 1);
  await store.close();
}
