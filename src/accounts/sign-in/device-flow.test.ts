import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeSignIn } from '../../../test/support/fake-accounts.ts';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { openStore, type Store } from '../../storage/open.ts';
import { systemClock } from '../../transport/clock.ts';
import type { DevicePoll, SignInEndpoints } from '../ports.ts';
import { startDeviceFlow } from './device-flow.ts';
import { placeOf, type SignInRequest } from './place.ts';

const DAY_MS = 24 * 3_600_000;
const never = new AbortController().signal;
let store: Store;

beforeEach(async () => {
  store = await openStore({ url: 'sqlite::memory:', home: '/nowhere', secretKey: undefined, clock: systemClock });
});
afterEach(() => store.close());

const PENDING: DevicePoll = { type: 'pending' };
const SIGNED_IN: DevicePoll = {
  type: 'signed-in',
  tokens: { accessToken: 'aoa', refreshToken: 'aor', expiresInS: 3600, profileArn: undefined },
};

/** Answers polls from `polls` in order, repeating the last. */
function setup(polls: readonly (DevicePoll | GatewayError)[], request: SignInRequest = {}) {
  const clock = createFakeClock();
  const calls: string[] = [];
  let withRegistration = 0;
  let polled = 0;
  const refusedClients = new Set<string>();
  const endpoints: SignInEndpoints = {
    ...createFakeSignIn(),
    async registerClient(region, startUrl) {
      withRegistration++;
      calls.push(`register ${region} ${startUrl}`);
      return { clientId: `client-${withRegistration}`, clientSecret: 's', expiresAtMs: clock.now() + 90 * DAY_MS };
    },
    async startDevice(_region, _startUrl, { clientId }) {
      calls.push(`start ${clientId}`);
      if (refusedClients.has(clientId)) throw new GatewayError('credential_rejected', 'unknown client');
      return {
        deviceCode: 'device',
        userCode: 'ABCD-EFGH',
        verificationUrl: 'https://verify.example/',
        verificationUrlComplete: 'https://verify.example/?user_code=ABCD-EFGH',
        expiresInS: 600,
        intervalS: undefined,
      };
    },
    async pollDevice(_region, { clientId }, deviceCode) {
      calls.push(`poll ${clientId} ${deviceCode}`);
      const answer = polls[Math.min(polled++, polls.length - 1)] ?? PENDING;
      if (answer instanceof GatewayError) throw answer;
      return answer;
    },
  };
  const parts = { endpoints, registrations: store.registrations, clock };
  // From a request, so that a wrong place is rejected before any call.
  const start = async () => startDeviceFlow(placeOf(request, 'us-east-1'), parts, never);
  return { start, clock, calls, refusedClients };
}

describe('signing in by device flow', () => {
  it('shows the URL and the code, waits, and returns the credential', async () => {
    const { start, clock, calls } = setup([PENDING, PENDING, SIGNED_IN]);
    const begun = clock.now();
    const signIn = await start();
    expect(signIn).toMatchObject({
      verificationUrl: 'https://verify.example/?user_code=ABCD-EFGH',
      userCode: 'ABCD-EFGH',
      expiresAtMs: begun + 600_000,
    });
    expect(await signIn.wait(never)).toEqual({
      credential: {
        kind: 'builder-id',
        refreshToken: 'aor',
        clientId: 'client-1',
        clientSecret: 's',
        region: 'us-east-1',
        startUrl: 'https://view.awsapps.com/start',
        profileArn: undefined,
      },
      accessToken: { value: 'aoa', expiresAtMs: clock.now() + 3_600_000 },
    });
    expect(calls[0]).toBe('register us-east-1 https://view.awsapps.com/start');
    expect(clock.sleeps).toEqual([5000, 5000, 5000]);
  });

  it('signs in at the Identity Center of an organisation when it has a start URL', async () => {
    const { start } = setup([SIGNED_IN], {
      startUrl: 'https://acme.awsapps.com/start/',
      region: 'eu-central-1',
    });
    const { credential } = await (await start()).wait(never);
    expect(credential).toMatchObject({
      kind: 'idc',
      region: 'eu-central-1',
      startUrl: 'https://acme.awsapps.com/start',
    });
  });

  it('polls more slowly after slow_down, and continues after a network failure', async () => {
    const trouble = new GatewayError('upstream_broken', 'reset');
    const { start, clock } = setup([{ type: 'slow-down' }, trouble, { type: 'slow-down' }, SIGNED_IN]);
    await (await start()).wait(never);
    expect(clock.sleeps).toEqual([5000, 10_000, 10_000, 15_000]);
  });

  it.each<[string, DevicePoll, string]>([
    ['the person refuses', { type: 'denied' }, 'refused in the browser'],
    ['the service reports the code as expired', { type: 'expired' }, 'in time'],
    ['the service no longer knows the client', { type: 'client-rejected' }, 'Start the sign-in again'],
  ])('fails when %s', async (_name, answer, words) => {
    const { start } = setup([PENDING, answer]);
    await expect((await start()).wait(never)).rejects.toThrow(words);
  });

  it('fails when the code has expired', async () => {
    const { start, clock } = setup([PENDING]);
    await expect((await start()).wait(never)).rejects.toMatchObject({ code: 'credential_rejected' });
    expect(clock.sleeps.length).toBe(120);
  });

  it('stops when it is cancelled between two polls', async () => {
    const { start, calls } = setup([PENDING]);
    await expect((await start()).wait(AbortSignal.abort())).rejects.toMatchObject({ code: 'client_closed' });
    expect(calls.filter((call) => call.startsWith('poll'))).toEqual([]);
  });

  it('passes on an unexpected error', async () => {
    const bug = new GatewayError('upstream_refused', 'bug');
    await expect((await setup([bug]).start()).wait(never)).rejects.toBe(bug);
  });

  it.each([
    ['a malformed region', { region: 'us-east-1.evil.example/' }],
    ['a malformed profile ARN', { profileArn: 'arn:aws:iam::1:user/x' }],
    ['a malformed proxy', { proxy: 'ftp://proxy.example' }],
    ['a social sign-in with a start URL', { social: 'google' as const, startUrl: 'https://acme.awsapps.com/start' }],
    ['a malformed start URL', { startUrl: 'acme' }],
    ['a start URL without TLS', { startUrl: 'http://acme.example/start' }],
    ['a start URL with a password', { startUrl: 'https://a:b@acme.example/start' }],
  ])('rejects %s before any call', async (_name, more) => {
    const { start, calls } = setup([SIGNED_IN], more);
    await expect(start()).rejects.toMatchObject({ code: 'invalid_request' });
    expect(calls).toEqual([]);
  });
});

describe('the client registration', () => {
  it('is reused by the next sign-in at the same place', async () => {
    await setup([SIGNED_IN]).start();
    const { start, calls } = setup([SIGNED_IN]);
    await start();
    expect(calls).toEqual(['start client-1']);
    const elsewhere = setup([SIGNED_IN], { region: 'eu-west-1' });
    await elsewhere.start();
    expect(elsewhere.calls[0]).toMatch(/^register/);
  });

  it('is renewed before it expires, because refresh tokens expire with it', async () => {
    const { start, clock, calls } = setup([SIGNED_IN]);
    await start();
    clock.advance(80 * DAY_MS);
    await start();
    expect(calls.filter((call) => call.startsWith('register'))).toHaveLength(2);
  });

  it('is replaced when the service no longer knows it', async () => {
    const { start, calls, refusedClients } = setup([SIGNED_IN]);
    await start();
    refusedClients.add('client-1');
    await start();
    expect(calls.slice(-3)).toEqual(['start client-1', expect.stringMatching(/^register/), 'start client-2']);
  });
});
