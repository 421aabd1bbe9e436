import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conversation } from '../test/support/fake-upstream.ts';
import { type Composed, composeGateway, type Overrides } from './compose.ts';
import { USER_AGENT } from './compose-tokens.ts';
import { loadSettings } from './config.ts';
import { collectReply } from './core/collect.ts';
import type { Log } from './core/log.ts';
import { API_KEY_ACCOUNT, DEFAULT_ACCOUNT, IDC_ACCOUNT, SOCIAL_ACCOUNT } from './simulator/default-accounts.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator/server.ts';
import { systemClock } from './transport/clock.ts';

const never = new AbortController().signal;
let home: string;
const closers: (() => Promise<void>)[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-compose-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(home, { recursive: true });
});

async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  closers.push(() => simulator.close());
  return simulator;
}

const BUILDER_ID = {
  DRAGOMAN_REFRESH_TOKEN: DEFAULT_ACCOUNT.refreshToken,
  DRAGOMAN_CLIENT_ID: DEFAULT_ACCOUNT.clientId,
  DRAGOMAN_CLIENT_SECRET: DEFAULT_ACCOUNT.clientSecret,
};

const logged: string[] = [];
const note = (fields: object, message: string) => void logged.push(JSON.stringify([fields, message]));
const log: Log = { debug: note, info: note, warn: note, error: note };

async function compose(
  simulator: Simulator,
  env: Record<string, string>,
  overrides: Overrides = {},
): Promise<Composed> {
  const { settings } = loadSettings({
    DRAGOMAN_HOME: home,
    DRAGOMAN_KIRO_TOKEN_FILE: 'off',
    DRAGOMAN_UPSTREAM_URL: simulator.url,
    DRAGOMAN_OIDC_URL: simulator.url,
    DRAGOMAN_SOCIAL_AUTH_URL: simulator.url,
    ...env,
  });
  const composed = await composeGateway(settings, log, overrides);
  closers.push(() => composed.close());
  return composed;
}

async function ask({ gateway }: Composed, text = 'Say hello') {
  const request = { requestId: 'r', client: 'c', conversation: conversation(text, { model: 'auto' }), adjustments: [] };
  const answer = await gateway.ask(request, never);
  return { answer, reply: await collectReply(answer.batches) };
}

describe('a composed gateway', () => {
  it.each([
    ['a Builder ID', BUILDER_ID],
    [
      'an organisation account',
      {
        DRAGOMAN_REFRESH_TOKEN: IDC_ACCOUNT.refreshToken,
        DRAGOMAN_CLIENT_ID: IDC_ACCOUNT.clientId,
        DRAGOMAN_CLIENT_SECRET: IDC_ACCOUNT.clientSecret,
        DRAGOMAN_PROFILE_ARN: IDC_ACCOUNT.profileArn,
        DRAGOMAN_REGION: IDC_ACCOUNT.region,
      },
    ],
    ['a social account', { AWS_REFRESHTOKEN: SOCIAL_ACCOUNT.refreshToken }],
    ['an API key', { KIRO_API_KEY: API_KEY_ACCOUNT.accessToken }],
  ])('answers with %s from the environment', async (_name, env) => {
    const simulator = await simulate();
    const composed = await compose(simulator, env);
    const { reply, answer } = await ask(composed);
    expect(reply.blocks[0]).toMatchObject({ type: 'text' });
    expect(answer.route.attempt).toBe(1);
    expect(await composed.gateway.status()).toMatchObject({ ready: 1, total: 1, hasToken: true, tokenExpired: false });
    expect(simulator.chatRequests[0]?.headers['user-agent']).toMatch(new RegExp(` ${USER_AGENT}$`));
  });

  it('lists models', async () => {
    const composed = await compose(await simulate(), BUILDER_ID);
    expect((await composed.gateway.models(never)).models.map(({ id }) => id)).toContain('claude-sonnet-4.5');
  });

  it('refreshes once and continues when the service rejects the access token', async () => {
    const simulator = await simulate();
    const composed = await compose(simulator, BUILDER_ID);
    await ask(composed);
    simulator.expireAccessTokens('default');
    expect((await ask(composed)).answer.route.attempt).toBe(2);
    expect((await ask(composed)).answer.route.attempt).toBe(1);
  });

  it('uses the rotated refresh token after a restart', async () => {
    const simulator = await simulate();
    const first = await compose(simulator, BUILDER_ID);
    await ask(first);
    const [id] = first.accounts.list().map((account) => account.id);
    await first.accounts.refresh(id ?? '');
    await first.close();
    simulator.expireAccessTokens('default');
    const { answer } = await ask(await compose(simulator, BUILDER_ID));
    expect(answer.route.accountId).toBe(id);
  });

  it('reports no_account without an account, and how to add one', async () => {
    const composed = await compose(await simulate(), {});
    await expect(ask(composed)).rejects.toMatchObject({
      code: 'no_account',
      message: expect.stringContaining('login'),
    });
    expect(await composed.gateway.status()).toMatchObject({ ready: 0, total: 0, hasToken: false, tokenExpired: false });
  });

  it('writes no secret to its files or log', async () => {
    logged.length = 0;
    const composed = await compose(await simulate(), BUILDER_ID);
    await ask(composed, 'MARKEROFTHEUSER');
    const [account] = composed.accounts.list();
    const secrets = [DEFAULT_ACCOUNT.refreshToken, DEFAULT_ACCOUNT.clientSecret, account?.accessToken?.value ?? ''];
    const { credential } = account ?? {};
    if (credential && 'refreshToken' in credential) secrets.push(credential.refreshToken);
    for (const secret of [...secrets, 'MARKEROFTHEUSER']) {
      expect(secret.length).toBeGreaterThan(10);
      for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
        if (entry.isFile()) expect(readFileSync(join(entry.parentPath, entry.name)).includes(secret)).toBe(false);
      }
      expect(logged.some((line) => line.includes(secret))).toBe(false);
    }
    expect(logged.length).toBeGreaterThan(2);
  });

  it('stops the start with a wrong key or an unknown wire profile', async () => {
    const simulator = await simulate();
    await (await compose(simulator, { DRAGOMAN_SECRET_KEY: 'k'.repeat(32) })).close();
    await expect(compose(simulator, { DRAGOMAN_SECRET_KEY: 'l'.repeat(32) })).rejects.toThrow('Nothing was changed');
    await expect(compose(simulator, { DRAGOMAN_WIRE_PROFILE: 'unknown-one' })).rejects.toThrow('unknown-one');
  });
});

describe('signing in', () => {
  /** The device flow's pauses take no time; everything else uses the real clock. */
  const hurried = { clock: { ...systemClock, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) } };

  it('adds the account to the pool and the store', async () => {
    const simulator = await simulate();
    const composed = await compose(simulator, {}, hurried);
    const signIn = await composed.signIn({}, never);
    expect(signIn.verificationUrl).toContain(signIn.userCode);
    const waiting = signIn.wait(never);
    simulator.approve(signIn.userCode);
    const account = await waiting;
    expect(account).toMatchObject({ label: 'Builder ID', source: { type: 'sign-in' } });
    await ask(composed);
    await composed.close();
    const again = await compose(simulator, {});
    expect(again.accounts.list().map(({ id }) => id)).toEqual([account.id]);
    await ask(again);
  });

  it('finds the profile of an organisation account', async () => {
    const simulator = await simulate();
    const composed = await compose(simulator, {}, hurried);
    const { startUrl, region } = IDC_ACCOUNT;
    const signIn = await composed.signIn({ startUrl, region }, never);
    simulator.approve(signIn.userCode);
    const account = await signIn.wait(never);
    expect(account.credential).toMatchObject({ kind: 'idc', profileArn: IDC_ACCOUNT.profileArn });
    await ask(composed);
  });

  it('stores nothing when it is refused or cancelled', async () => {
    const simulator = await simulate();
    const composed = await compose(simulator, {}, hurried);
    const refused = await composed.signIn({}, never);
    simulator.deny(refused.userCode);
    await expect(refused.wait(never)).rejects.toMatchObject({ code: 'credential_rejected' });
    const cancelled = await composed.signIn({}, never);
    await expect(cancelled.wait(AbortSignal.abort())).rejects.toMatchObject({ code: 'client_closed' });
    expect(composed.accounts.list()).toEqual([]);
  });

  it('replaces the credential of a signed-out account', async () => {
    const simulator = await simulate();
    const composed = await compose(simulator, {}, hurried);
    const login = async () => {
      const signIn = await composed.signIn({}, never);
      simulator.approve(signIn.userCode);
      return signIn.wait(never);
    };
    const first = await login();
    simulator.setAccount('default', { state: 'revoked' });
    await expect(ask(composed)).rejects.toMatchObject({ code: 'credential_rejected' });
    expect((await composed.gateway.status()).ready).toBe(0);
    simulator.setAccount('default', { state: 'ok' });
    expect((await login()).id).toBe(first.id);
    await ask(composed);
    expect(composed.accounts.list()).toHaveLength(1);
  });
});
