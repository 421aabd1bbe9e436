/**
 * Proxies, global and of one account. The service's hosts do not exist on this machine's network: a call that
 * bypasses its proxy fails.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Composed } from '../src/compose.ts';
import { collectReply } from '../src/core/collect.ts';
import type { GatewayError } from '../src/core/errors.ts';
import type { Log } from '../src/core/log.ts';
import { IDC_ACCOUNT, SOCIAL_ACCOUNT } from '../src/simulator/default-accounts.ts';
import type { Simulator } from '../src/simulator/server.ts';
import { systemClock } from '../src/transport/clock.ts';
import { Dispatchers } from '../src/transport/dispatcher.ts';
import { createUpstreamTransport } from '../src/transport/upstream.ts';
import { createHome, runCommand, startCommand } from './support/command.ts';
import { conversation } from './support/fake-upstream.ts';
import { PROXY_PASSWORD, startHttpProxy, startSocksProxy, type TestProxy } from './support/proxies.ts';
import { createSimulator } from './support/simulator.ts';
import { composeTestGateway, NO_ACCOUNT } from './support/test-gateway.ts';

const never = new AbortController().signal;
const PLACES = {
  DRAGOMAN_UPSTREAM_URL: 'http://service.invalid',
  DRAGOMAN_OIDC_URL: 'http://oidc.invalid',
  DRAGOMAN_SOCIAL_AUTH_URL: 'http://social.invalid',
};

const STARTERS = { http: startHttpProxy, socks5: startSocksProxy };
type Kind = keyof typeof STARTERS;

interface Setup {
  readonly simulator: Simulator;
  readonly proxy: TestProxy;
  readonly composed: Composed;
  readonly logged: string[];
}

async function setup(kind: Kind, env: (proxy: TestProxy) => Record<string, string> = () => ({})): Promise<Setup> {
  const simulator = await createSimulator({ pollIntervalS: 1, approveAfterPolls: 0 });
  const proxy = await STARTERS[kind](simulator.port);
  const logged: string[] = [];
  const note = (fields: object, message: string) => void logged.push(JSON.stringify([fields, message]));
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const gateway = await composeTestGateway({
    simulator,
    env: { ...NO_ACCOUNT, ...PLACES, ...env(proxy) },
    gatewayClock: systemClock,
    log,
  });
  onTestFinished(gateway.close);
  const { composed } = gateway;
  return { simulator, proxy, composed, logged };
}

async function ask({ gateway }: Composed): Promise<string> {
  const asked = { requestId: 'r', client: 'c', conversation: conversation('Hi', { model: 'auto' }), adjustments: [] };
  const answer = await gateway.ask(asked, never);
  return JSON.stringify(await collectReply(answer.batches));
}

/** All requests of an account, from its sign-in on. */
async function liveOnce({ composed, simulator }: Setup, proxy: string | undefined): Promise<void> {
  const { startUrl, region } = IDC_ACCOUNT;
  const signIn = await composed.signIn({ startUrl, region, proxy }, never);
  const { id } = await signIn.wait(never);
  await ask(composed);
  await composed.gateway.models(never);
  await composed.accounts.readLimits(id);
  simulator.expireAccessTokens(IDC_ACCOUNT.id);
  await ask(composed);
}

const WHOLE_LIFE = [
  ...['RegisterClient', 'StartDeviceAuthorization', 'CreateToken', 'ListAvailableProfiles', 'ListAvailableModels'],
  ...['GenerateAssistantResponse', 'GetUsageLimits'],
];

function expectAllThrough({ simulator, proxy, logged }: Setup): void {
  const operations = simulator.requests.map(({ operation }) => operation);
  expect(operations).toEqual(expect.arrayContaining(WHOLE_LIFE));
  // The sign-in, and the refresh after the rejected token.
  expect(operations.filter((name) => name === 'CreateToken')).toHaveLength(2);
  expect(simulator.requests.filter(({ status }) => status === 403)).toHaveLength(1);
  const hosts = new Set(proxy.seen.map((line) => /(?:\/\/|SOCKS )([a-z.]+)/.exec(line)?.[1]));
  expect(hosts).toEqual(new Set(['oidc.invalid', 'service.invalid']));
  if (proxy.seen[0]?.startsWith('POST')) expect(proxy.seen).toHaveLength(simulator.requests.length);
  expect(simulator.requests.every(({ headers }) => headers['proxy-authorization'] === undefined)).toBe(true);
  const shown = logged.join('\n');
  for (const secret of [PROXY_PASSWORD, encodeURIComponent(PROXY_PASSWORD)]) expect(shown).not.toContain(secret);
}

describe.each<Kind>(['http', 'socks5'])('a proxy: %s', (kind) => {
  it('of an account carries its sign-in, profiles, models, usage, chats and token refreshes', async () => {
    const whole = await setup(kind);
    await liveOnce(whole, whole.proxy.url);
    expectAllThrough(whole);
  });

  it('of the environment carries the same requests', async () => {
    const whole = await setup(kind, ({ url }) => ({ ALL_PROXY: url }));
    await liveOnce(whole, undefined);
    expectAllThrough(whole);
  });

  it('carries the sign-in of social accounts', async () => {
    const { composed, simulator, proxy } = await setup(kind);
    const signIn = await composed.signIn({ social: 'google', proxy: proxy.url }, never);
    const account = await signIn.wait(never);
    await composed.accounts.refresh(account.id);
    await ask(composed);
    expect(simulator.requests.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['SocialDevice', 'SocialPoll', 'SocialRefresh', 'GenerateAssistantResponse']),
    );
    expect(proxy.seen.join()).toContain('social.invalid');
  });

  it('with a wrong password is reported as such, without the password', async () => {
    const { composed, proxy, logged } = await setup(kind);
    const wrong = proxy.url.replace(/:[^:@/]+@/, ':wrong-MARKED@');
    const error = await composed.signIn({ proxy: wrong }, never).then(
      () => expect.fail('expected a rejection'),
      (cause: GatewayError) => cause,
    );
    expect(error.code).toBe('upstream_broken');
    expect([error.message, ...logged].join()).not.toContain('MARKED');
    expect(proxy.seen).toContain('refused');
  });
});

describe('an account', () => {
  it('connects directly if configured so, regardless of the environment', async () => {
    const { composed, proxy } = await setup('http', ({ url }) => ({ HTTP_PROXY: url }));
    await expect(composed.signIn({ proxy: 'direct' }, never)).rejects.toMatchObject({ code: 'upstream_broken' });
    expect(proxy.seen).toEqual([]);
  });

  it('uses a new proxy at once', async () => {
    const { composed, proxy, simulator } = await setup('http', () => ({
      DRAGOMAN_UPSTREAM_URL: 'http://service.invalid',
      DRAGOMAN_REFRESH_TOKEN: SOCIAL_ACCOUNT.refreshToken,
    }));
    const [account] = composed.accounts.list();
    await expect(ask(composed)).rejects.toMatchObject({ code: 'credential_unavailable' });
    await composed.accounts.patch(account?.id ?? '', { proxy: proxy.url });
    expect(await ask(composed)).toContain('text');
    expect(simulator.chatRequests).toHaveLength(1);
    expect(JSON.stringify(await composed.store.accounts.list())).toContain('127.0.0.1');
  });
});

describe('the command line', () => {
  it('sends all requests of an account through its proxy, including token refreshes of another process', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1, approveAfterPolls: 0 });
    const proxy = await startHttpProxy(simulator.port);
    const home = createHome();
    const login = await runCommand(['login', '--social', 'google', '--device', '--proxy', proxy.url], PLACES, home);
    expect(login.code).toBe(0);
    // Kiro's device flow does not return the token's lifetime: the first use refreshes it.
    const chat = await startCommand(['chat', 'Hi'], PLACES, home).end();
    expect([chat.code, chat.err]).toEqual([0, '']);
    expect(simulator.requests.map(({ operation }) => operation)).toContain('SocialRefresh');
    expect(proxy.seen).toHaveLength(simulator.requests.length);
    const database = readFileSync(join(home, '.dragoman', 'dragoman.db'), 'latin1');
    for (const secret of [PROXY_PASSWORD, encodeURIComponent(PROXY_PASSWORD)]) expect(database).not.toContain(secret);
  });
});

describe('hosts in NO_PROXY', () => {
  it('are reached without it', async () => {
    const { composed, proxy } = await setup('http', ({ url }) => ({ HTTP_PROXY: url, NO_PROXY: 'oidc.invalid' }));
    await expect(composed.signIn({}, never)).rejects.toMatchObject({ code: 'upstream_broken' });
    expect(proxy.seen).toEqual([]);
  });
});

describe('https through a proxy', () => {
  it.each<[Kind, RegExp]>([
    ['http', /^CONNECT secure\.invalid:443$/],
    ['socks5', /^SOCKS secure\.invalid:443$/],
  ])('is a tunnel: %s sees only the destination', async (kind, line) => {
    const first = Promise.withResolvers<Buffer>();
    const target = createServer((socket) => {
      socket.once('data', (bytes: Buffer) => {
        first.resolve(bytes);
        socket.destroy();
      });
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void target.close());
    const address = target.address();
    const proxy = await STARTERS[kind](typeof address === 'object' ? (address?.port ?? 0) : 0);
    const transport = createUpstreamTransport({ headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, userAgent: 'test' });
    onTestFinished(() => transport.close());
    const request = { method: 'POST', url: 'https://secure.invalid/secret-path', headers: {}, body: '{}' } as const;
    await expect(transport.send({ ...request, proxy: proxy.url }, never)).rejects.toMatchObject({
      code: 'upstream_broken',
    });
    const handshake = await first.promise;
    expect(handshake.readUInt8(0)).toBe(0x16);
    expect(handshake.includes('secret-path')).toBe(false);
    expect(proxy.seen[0]).toMatch(line);
  });
});

describe('connections by proxy', () => {
  it('are shared by accounts with the same proxy', async () => {
    const dispatchers = new Dispatchers(undefined, 1_000);
    onTestFinished(() => dispatchers.destroy());
    expect(dispatchers.of('http://127.0.0.1:1')).toBe(dispatchers.of('http://127.0.0.1:1'));
    expect(dispatchers.of('http://127.0.0.1:1')).not.toBe(dispatchers.of('http://127.0.0.1:2'));
    expect(dispatchers.of('direct')).not.toBe(dispatchers.of(undefined));
  });
});
