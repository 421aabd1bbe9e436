import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createFakeSignIn } from '../../../test/support/fake-accounts.ts';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { openStore, type Store } from '../../storage/open.ts';
import { systemClock } from '../../transport/clock.ts';
import { openLoopback } from '../../transport/loopback.ts';
import type { BrowserCode, SignInEndpoints } from '../ports.ts';
import { startBrowserFlow } from './browser-flow.ts';
import type { SignInPlace } from './place.ts';

const never = new AbortController().signal;
const AWS: SignInPlace = { type: 'aws', region: 'us-east-1', startUrl: 'https://view.awsapps.com/start' };
const KIRO: SignInPlace = { type: 'kiro', provider: 'google' };
const TOKENS = { accessToken: 'aoa', refreshToken: 'aor', expiresInS: 60, profileArn: undefined };
let store: Store;

beforeEach(async () => {
  store = await openStore({ url: 'sqlite::memory:', home: '/nowhere', secretKey: undefined, clock: systemClock });
});
afterEach(() => store.close());

/** `sleep` never resolves, unless the deadline has already passed. */
async function setup(place: SignInPlace, { late = false, refused = false } = {}) {
  const clock = {
    ...createFakeClock(),
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        if (late) resolve();
        signal?.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  const redeemed: BrowserCode[] = [];
  let registrations = 0;
  const redeem = async (code: BrowserCode) => {
    redeemed.push(code);
    if (refused) throw new GatewayError('credential_rejected', 'unknown');
    return TOKENS;
  };
  const endpoints: SignInEndpoints = {
    ...createFakeSignIn(),
    registerClient: async (_region, _startUrl, flow) => {
      registrations++;
      return { clientId: `${flow}-${registrations}`, clientSecret: 's', expiresAtMs: clock.now() + 90 * 86_400_000 };
    },
    authorizeUrl: (_region, clientId, redirectUri, challenge, state) =>
      `https://aws.example/?${new URLSearchParams({ clientId, redirectUri, challenge, state })}`,
    redeemCode: async (_region, _client, code) => redeem(code),
    socialSignInUrl: (redirectUri, challenge, state) =>
      `https://kiro.example/?${new URLSearchParams({ redirectUri, challenge, state })}`,
    redeemSocialCode: redeem,
  };
  const parts = { endpoints, registrations: store.registrations, clock, openLoopback };
  const signIn = await startBrowserFlow(place, parts, never);
  const sent = new URL(signIn.verificationUrl).searchParams;
  const back = (path: string, query: Record<string, string>) => {
    const address = new URL(sent.get('redirectUri') ?? '').origin;
    return fetch(`${address}${path}?${new URLSearchParams({ state: sent.get('state') ?? '', ...query })}`);
  };
  return { signIn, sent, back, redeemed, start: () => startBrowserFlow(place, parts, never) };
}

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: GatewayError) => error,
  );
}

describe('signing in with a browser', () => {
  it('redeems the code with the verifier of this process', async () => {
    const { signIn, sent, back, redeemed } = await setup(AWS);
    expect(signIn.userCode).toBeUndefined();
    const waiting = signIn.wait(never);
    expect((await back('/oauth/callback', { code: 'c' })).status).toBe(200);
    expect(await waiting).toMatchObject({
      credential: { kind: 'builder-id', refreshToken: 'aor', clientId: 'browser-1' },
      accessToken: { value: 'aoa' },
    });
    const [{ codeVerifier = '', redirectUri } = {}] = redeemed;
    expect(codeVerifier).toMatch(/^[\w-]{43,128}$/);
    expect(createHash('sha256').update(codeVerifier).digest('base64url')).toBe(sent.get('challenge'));
    expect(redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/oauth\/callback$/);
  });

  it('repeats the chosen sign-in option in the redirect URI sent to Kiro', async () => {
    const { signIn, back, redeemed } = await setup(KIRO);
    const waiting = signIn.wait(never);
    await back('/signin/callback', { code: 'c', login_option: 'git hub' });
    expect(await waiting).toMatchObject({ credential: { kind: 'social', region: 'us-east-1' } });
    expect(redeemed[0]?.redirectUri).toMatch(/:\d+\/signin\/callback\?login_option=git%20hub$/);
  });

  it('ignores redirects without the state', async () => {
    const { signIn, back, redeemed } = await setup(AWS);
    const waiting = signIn.wait(never);
    expect((await back('/oauth/callback', { code: 'forged', state: 'guessed' })).status).toBe(404);
    expect((await back('/elsewhere', { code: 'forged' })).status).toBe(404);
    await back('/oauth/callback', { code: 'real' });
    await waiting;
    expect(redeemed.map(({ code }) => code)).toEqual(['real']);
  });

  it.each([
    [{ error: 'access_denied' }, 'refused in the browser'],
    [{}, 'refused in the browser'],
    [{ error: 'server_error' }, 'server_error'],
    [{ error: '<script>' }, 'an error'],
  ])('fails when the browser returns with %j', async (query, words) => {
    const { signIn, back, redeemed } = await setup(AWS);
    const waiting = failure(signIn.wait(never));
    await back('/oauth/callback', query);
    expect(await waiting).toMatchObject({ code: 'credential_rejected', message: expect.stringContaining(words) });
    expect(redeemed).toEqual([]);
  });

  it('frees the port when it expires after five minutes and when it is cancelled', async () => {
    const late = await setup(AWS, { late: true });
    expect((await failure(late.signIn.wait(never))).message).toContain('in time');
    await expect(late.back('/oauth/callback', { code: 'c' })).rejects.toThrow();

    const { signIn, back } = await setup(AWS);
    const leaving = new AbortController();
    const waiting = failure(signIn.wait(leaving.signal));
    leaving.abort();
    expect((await waiting).code).toBe('client_closed');
    await expect(back('/oauth/callback', { code: 'c' })).rejects.toThrow();
  });

  it('keeps its registration until the service rejects it', async () => {
    const good = await setup(AWS);
    expect(new URL((await good.start()).verificationUrl).searchParams.get('clientId')).toBe('browser-1');
    const bad = await setup(AWS, { refused: true });
    const waiting = failure(bad.signIn.wait(never));
    await bad.back('/oauth/callback', { code: 'c' });
    expect((await waiting).code).toBe('credential_rejected');
    const kept = await store.registrations.find('us-east-1', AWS.startUrl, 'browser');
    expect(kept?.expiresAtMs).toBe(0);
  });
});

describe('the port for the browser', () => {
  it('is the first free port of the list', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo; // of a TCP server
    await expect(openLoopback([port])).rejects.toMatchObject({ code: 'invalid_request' });
    const loopback = await openLoopback([port, 0]);
    expect(loopback.address).not.toContain(`:${port}`);
    await loopback.close();
  });
});
