import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NEW_ACCOUNT } from './accounts/health.ts';
import { loadSettings } from './config.ts';
import type { Log } from './core/log.ts';
import { DEFAULT_ACCOUNT } from './simulator/default-accounts.ts';
import { environmentFor } from './simulator/environment.ts';
import { type Simulator, startSimulator } from './simulator/server.ts';
import { openStore, type Store } from './storage/open.ts';
import { TokenRefreshProcess, withoutSettings } from './token-refresh-process.ts';
import { tokenRefreshSettings } from './token-refresh-settings.ts';
import { systemClock } from './transport/clock.ts';

const ANY = { refused: undefined, earlyMs: Number.POSITIVE_INFINITY };
const { refreshToken, clientId, clientSecret, region, startUrl } = DEFAULT_ACCOUNT;

let home: string;
let simulator: Simulator;
let store: Store;
let refresher: TokenRefreshProcess;
let logged: string[];
const here = { refresh: vi.fn(async () => {}), close: async () => {} };

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-apart-'));
  simulator = await startSimulator();
  const env = { ...environmentFor(simulator.url), DRAGOMAN_HOME: home };
  const { settings } = loadSettings(env);
  store = await openStore({ url: settings.databaseUrl, home, secretKey: undefined, clock: systemClock });
  const credential = { kind: 'builder-id', refreshToken, clientId, clientSecret, region, startUrl } as const;
  const own = {
    id: 'a',
    label: 'a',
    source: { type: 'sign-in' },
    accessToken: undefined,
    health: NEW_ACCOUNT,
  } as const;
  await store.accounts.put({ ...own, credential: { ...credential, profileArn: undefined } }, 1);
  logged = [];
  const write = (_fields: object, message: string) => void logged.push(message);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  // Idle as soon as it has nothing to do.
  refresher = new TokenRefreshProcess(tokenRefreshSettings(settings), log, here, 1);
  here.refresh.mockClear();
});
afterEach(async () => {
  await refresher.close();
  await store.close();
  await simulator.close();
  rmSync(home, { recursive: true });
});

const tokenOf = async () => (await store.accounts.find('a'))?.accessToken?.value;

describe('tokens made in a process of their own', () => {
  it('are in the database when the call returns, and the log reports what happened', async () => {
    await refresher.refresh('a', ANY);
    const first = await tokenOf();
    expect(first).toMatch(/^aoaSimulated/);
    await Promise.all([refresher.refresh('a', ANY), refresher.refresh('a', { refused: undefined, earlyMs: 0 })]);
    expect(await tokenOf()).not.toBe(first);
    expect(logged).toContain('refreshed an access token');
    expect(here.refresh).not.toHaveBeenCalled();
  });

  it('fail as they would here', async () => {
    await expect(refresher.refresh('nobody', ANY)).rejects.toMatchObject({ code: 'no_account' });
    simulator.setAccount('default', { state: 'revoked' });
    await expect(refresher.refresh('a', ANY)).rejects.toMatchObject({
      code: 'credential_rejected',
      message: expect.stringContaining('dragoman login'),
      upstream: { name: 'InvalidGrantException' },
    });
  });

  it('finish and are stored even if no caller waits any longer', async () => {
    const making = refresher.refresh('a', ANY).catch((cause: unknown) => cause);
    // Its request has arrived, so the old token is consumed.
    await simulator.waitForRequest(1);
    await refresher.close();
    await making;
    await expect.poll(tokenOf).toMatch(/^aoaSimulated/);
  });

  it('reach their callers even if the process is closed meanwhile', async () => {
    const making = refresher.refresh('a', ANY);
    await simulator.waitForRequest(1);
    await Promise.all([making, refresher.close()]);
    expect(await tokenOf()).toMatch(/^aoaSimulated/);
  });

  it('which could not be stored are not lost with an idle process', { timeout: 30_000 }, async () => {
    const raw = new DatabaseSync(join(home, 'dragoman.db'));
    raw.exec(`create trigger full before update on accounts begin select raise(abort, 'full'); end`);
    await expect(refresher.refresh('a', ANY)).rejects.toMatchObject({ code: 'storage_unavailable' });
    // Its idle time is over before this one is asked.
    await expect(refresher.refresh('nobody', ANY)).rejects.toMatchObject({ code: 'no_account' });
    await expect(refresher.refresh('a', ANY)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(simulator.requests).toHaveLength(1);
    raw.exec('drop trigger full');
    raw.close();
    await refresher.refresh('a', { refused: undefined, earlyMs: 0 });
    expect(await tokenOf()).toMatch(/^aoaSimulated/);
    await refresher.refresh('a', ANY);
    expect(simulator.requests).toHaveLength(2);
  });

  it('are made as soon as the database can be opened', async () => {
    renameSync(join(home, 'secret.key'), join(home, 'elsewhere'));
    await expect(refresher.refresh('a', ANY)).rejects.toMatchObject({ code: 'storage_unavailable' });
    renameSync(join(home, 'elsewhere'), join(home, 'secret.key'));
    await refresher.refresh('a', ANY);
    expect(await tokenOf()).toMatch(/^aoaSimulated/);
  });

  it('are made here once it was closed', async () => {
    await refresher.close();
    await refresher.refresh('a', ANY);
    expect(here.refresh).toHaveBeenCalledWith('a', ANY);
  });
});

describe('what the process receives', () => {
  it('is the database, the way out and the token endpoints: no API keys and nothing about serving', () => {
    const env = {
      DRAGOMAN_API_KEYS: 'a-client-key',
      DRAGOMAN_SECRET_KEY: 's'.repeat(32),
      HTTPS_PROXY: 'http://proxy:1',
    };
    const sent = tokenRefreshSettings(loadSettings(env).settings);
    expect(sent).toMatchObject({ secretKey: 's'.repeat(32), httpsProxy: expect.stringContaining('proxy') });
    expect(JSON.stringify(sent)).not.toContain('a-client-key');
    expect(Object.keys(sent)).not.toContain('apiKeys');
    expect(Object.keys(sent).length).toBeLessThan(Object.keys(loadSettings(env).settings).length / 2);
  });

  it('is an environment without settings', () => {
    const env = { PATH: '/bin', NODE_EXTRA_CA_CERTS: 'ca.pem', DRAGOMAN_API_KEYS: 'a-client-key' };
    expect(withoutSettings(env)).toEqual({ PATH: '/bin', NODE_EXTRA_CA_CERTS: 'ca.pem' });
  });
});
