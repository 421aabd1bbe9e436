/** Users of other gateways keep their environment: each of its variables configures a working gateway. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { API_KEY_ACCOUNT, DEFAULT_ACCOUNT, IDC_ACCOUNT, SOCIAL_ACCOUNT } from '../src/simulator/default-accounts.ts';
import { environmentFor as simulatorEnvironment } from '../src/simulator/environment.ts';
import type { Simulator } from '../src/simulator/server.ts';
import { systemClock } from '../src/transport/clock.ts';
import { createHome, type Running, startCommand } from './support/command.ts';
import { ask, createTestDatabase } from './support/postgres.ts';
import { startHttpProxy, startSocksProxy } from './support/proxies.ts';
import { createSimulator } from './support/simulator.ts';
import { startTestGateway } from './support/test-gateway.ts';

const HELLO = { replies: [{ steps: ['It works.'] }] };
const BUILDER_ID = {
  AMAZONQ_REFRESH_TOKEN: DEFAULT_ACCOUNT.refreshToken,
  AMAZONQ_CLIENT_ID: DEFAULT_ACCOUNT.clientId,
  AMAZONQ_CLIENT_SECRET: DEFAULT_ACCOUNT.clientSecret,
};

/** The endpoints under the names of the Claude bridge; Kiro's sign-in has only dragoman's name. */
function endpoints({ url }: Pick<Simulator, 'url'>) {
  return { AMAZONQ_API_ENDPOINT: url, AMAZONQ_TOKEN_ENDPOINT: `${url}/token`, DRAGOMAN_SOCIAL_AUTH_URL: url };
}

interface Gateway {
  readonly url: string;
}

/** In the process of the test. Unsets dragoman's own names for the endpoints and the account, which take precedence. */
async function serve(simulator: Simulator, env: Readonly<Record<string, string>>): Promise<Gateway> {
  const ownNames = Object.keys(simulatorEnvironment(simulator.url));
  const unset = Object.fromEntries([...ownNames, 'DRAGOMAN_PORT', 'DRAGOMAN_API_KEYS'].map((name) => [name, '']));
  const home = createHome();
  const gateway = await startTestGateway({
    simulator,
    env: { ...unset, HOME: home, DRAGOMAN_HOME: home, PORT: '0', ...endpoints(simulator), ...env },
    gatewayClock: systemClock,
  });
  onTestFinished(gateway.close);
  return gateway;
}

async function serveAsProcess(env: Readonly<Record<string, string>>): Promise<Gateway & Running> {
  const running = startCommand(['serve', '--json'], { PORT: '0', ...env });
  const { url } = JSON.parse(await running.nextLine());
  return { ...running, url };
}

async function chat({ url }: Pick<Gateway, 'url'>, key = 'any') {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  return { status: answer.status, text: await answer.text() };
}

const works = { status: 200, text: expect.stringContaining('It works.') };
const simulate = () => createSimulator({ script: HELLO });

describe('the variables of the other gateways', { timeout: 60_000 }, () => {
  it.each([
    ['AMAZONQ_REFRESH_TOKEN, _CLIENT_ID and _CLIENT_SECRET', BUILDER_ID, '/token'],
    ['AWS_REFRESHTOKEN', { AWS_REFRESHTOKEN: SOCIAL_ACCOUNT.refreshToken }, '/refreshToken'],
    ['KIRO_API_KEY', { KIRO_API_KEY: API_KEY_ACCOUNT.accessToken }, undefined],
  ])('%s: an account', async (_name, env, tokenPath) => {
    const simulator = await simulate();
    const gateway = await serve(simulator, env);
    expect(await chat(gateway)).toMatchObject(works);
    const asked = simulator.requests.map(({ path }) => path);
    if (tokenPath) expect(asked).toContain(tokenPath);
    else expect(asked.filter((path) => /token/i.test(path))).toEqual([]);
    const health = await (await fetch(`${gateway.url}/health`)).json();
    expect(health).toMatchObject({ status: 'healthy', accounts: { ready: 1, total: 1 } });
  });

  it('AMAZONQ_PROFILE_ARN: an organisation’s account under its profile', async () => {
    const simulator = await simulate();
    const gateway = await serve(simulator, {
      AMAZONQ_REFRESH_TOKEN: IDC_ACCOUNT.refreshToken,
      AMAZONQ_CLIENT_ID: IDC_ACCOUNT.clientId,
      AMAZONQ_CLIENT_SECRET: IDC_ACCOUNT.clientSecret,
      AMAZONQ_PROFILE_ARN: IDC_ACCOUNT.profileArn,
    });
    expect(await chat(gateway)).toMatchObject(works);
    expect(simulator.chatRequests[0]?.body).toMatchObject({ profileArn: IDC_ACCOUNT.profileArn });
  });

  it('AMAZONQ_API_ENDPOINT and AMAZONQ_TOKEN_ENDPOINT: separate endpoints', async () => {
    const [api, signIn] = [await simulate(), await simulate()];
    const places = { AMAZONQ_API_ENDPOINT: `${api.url}/`, AMAZONQ_TOKEN_ENDPOINT: `${signIn.url}/token` };
    const gateway = await serve(api, { ...places, ...BUILDER_ID });
    // Each simulator accepts only its own tokens, so the API rejects the token issued by the other one.
    expect((await chat(gateway)).status).toBe(503);
    expect(signIn.requests.map(({ path }) => path)).toEqual(expect.arrayContaining(['/token']));
    expect(api.chatRequests.length).toBeGreaterThan(0);
    expect(signIn.chatRequests).toEqual([]);
  });

  it.each(['OPENAI_KEYS', 'KIRO_CLIENT_TOKEN'])('%s: the API keys of clients', async (name) => {
    const simulator = await simulate();
    const gateway = await serve(simulator, { ...BUILDER_ID, [name]: 'sk-one, sk-two' });
    expect(await chat(gateway, 'sk-two')).toMatchObject(works);
    expect((await chat(gateway, 'sk-three')).status).toBe(401);
  });

  it('HOST and PORT: the listening address', async () => {
    const port = await freePort();
    const simulator = await simulate();
    const gateway = await serve(simulator, { ...BUILDER_ID, HOST: 'localhost', PORT: `${port}` });
    expect(new URL(gateway.url).port).toBe(`${port}`);
    expect(await chat(gateway)).toMatchObject(works);
  });

  it('DATABASE_URL: PostgreSQL', { timeout: 60_000 }, async () => {
    const database = await createTestDatabase();
    const simulator = await simulate();
    const key = { DRAGOMAN_SECRET_KEY: 'k'.repeat(44) };
    const gateway = await serveAsProcess({
      ...endpoints(simulator),
      ...BUILDER_ID,
      ...key,
      DATABASE_URL: database.url,
    });
    expect(await chat(gateway)).toMatchObject(works);
    expect(await ask(database.url, 'select kind from accounts')).toEqual([{ kind: 'builder-id' }]);
    await gateway.end('SIGTERM');
    await database.drop();
  });

  it('MAX_ERROR_COUNT: failures until an account is switched off', async () => {
    const refuse = { status: 403, name: 'AccessDeniedException', message: 'You may not do this.' };
    const simulator = await createSimulator({ script: { replies: [{ refuse }] } });
    const gateway = await serve(simulator, { ...BUILDER_ID, MAX_ERROR_COUNT: '2' });
    await chat(gateway);
    expect(await accountsReady(gateway)).toBe(1);
    await chat(gateway);
    await expect.poll(() => accountsReady(gateway)).toBe(0);
    expect((await chat(gateway)).text).toContain('disabled');
  });

  it('LOG_LEVEL: the level of the log', async () => {
    for (const [level, isTold] of [
      ['info', true],
      ['error', false],
    ] as const) {
      const gateway = await serveAsProcess({ ...endpoints(await simulate()), ...BUILDER_ID, LOG_LEVEL: level });
      expect(await chat(gateway)).toMatchObject(works);
      const { out, err } = await gateway.end('SIGTERM');
      expect(`${out}${err}`.includes('/v1/chat/completions')).toBe(isTold);
    }
  });

  it.each([
    ['HTTP_PROXY', startHttpProxy],
    ['ALL_PROXY', startSocksProxy],
  ])('%s: the proxy of all requests', async (name, start) => {
    const simulator = await simulate();
    const proxy = await start(simulator.port);
    const gateway = await serve(simulator, { ...endpoints({ url: UNREACHABLE }), ...BUILDER_ID, [name]: proxy.url });
    expect(await chat(gateway)).toMatchObject(works);
    expect(proxy.seen.length).toBeGreaterThan(1);
  });

  it('HTTPS_PROXY: a tunnel for https requests only', async () => {
    const simulator = await simulate();
    const proxy = await startHttpProxy(simulator.port);
    const api = { AMAZONQ_API_ENDPOINT: 'https://service.invalid' };
    const gateway = await serve(simulator, { ...BUILDER_ID, ...api, HTTPS_PROXY: proxy.url });
    // The simulator does not support TLS, so only the tunnel is visible.
    expect((await chat(gateway)).status).toBeGreaterThanOrEqual(500);
    expect(new Set(proxy.seen)).toEqual(new Set(['CONNECT service.invalid:443']));
    expect(simulator.requests.map(({ path }) => path)).toContain('/token');
  });

  it('NO_PROXY: hosts that bypass the proxy', async () => {
    const simulator = await simulate();
    const proxy = await startHttpProxy(simulator.port);
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: new URL(UNREACHABLE).hostname };
    const gateway = await serve(simulator, { ...endpoints({ url: UNREACHABLE }), ...BUILDER_ID, ...env });
    expect((await chat(gateway)).status).toBeGreaterThanOrEqual(500);
    expect(proxy.seen).toEqual([]);
  });
});

/** A name that never resolves (RFC 6761): requests succeed only through a proxy. */
const UNREACHABLE = 'http://service.invalid';

async function accountsReady({ url }: Gateway): Promise<number> {
  // Its shape is the product's contract.
  const { accounts } = (await (await fetch(`${url}/health`)).json()) as { accounts: { ready: number } };
  return accounts.ready;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : expect.fail('no port');
}
