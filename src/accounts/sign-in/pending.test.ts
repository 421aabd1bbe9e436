import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeSignIn, createFakeTokens, newAccount } from '../../../test/support/fake-accounts.ts';
import { createFakeClock, type FakeClock } from '../../../test/support/fake-clock.ts';
import type { GatewayError } from '../../core/errors.ts';
import { SILENT } from '../../core/log.ts';
import { openStore, type Store } from '../../storage/open.ts';
import { systemClock } from '../../transport/clock.ts';
import type { Account, DevicePoll, NewAccount, SignInEndpoints } from '../ports.ts';
import { Adoption, type Profile } from './adopt.ts';
import { SignIns } from './pending.ts';

const PENDING: DevicePoll = { type: 'pending' };
const SIGNED_IN: DevicePoll = {
  type: 'signed-in',
  tokens: { accessToken: 'aoaCANARY', refreshToken: 'aorCANARY', expiresInS: 3600, profileArn: undefined },
};
const ARN = 'arn:aws:codewhisperer:us-east-1:111122223333:profile/AAAABBBBCCCC';
const OTHER_ARN = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/BBBBCCCCDDDD';
const IDC = { startUrl: 'https://acme.awsapps.com/start', region: 'eu-west-1' };

let store: Store;
let clock: FakeClock;

beforeEach(async () => {
  clock = createFakeClock();
  store = await openStore({ url: 'sqlite::memory:', home: '/nowhere', secretKey: undefined, clock: systemClock });
});
afterEach(() => store.close());

/** Answers polls from `polls` in order, repeating the last. `reopen`: the same gateway after a restart. */
function setup(polls: readonly DevicePoll[], profiles: readonly Profile[] = []) {
  const added: NewAccount[] = [];
  const accounts: Account[] = [];
  const requests: string[] = [];
  const proxies: (string | undefined)[] = [];
  let polled = 0;
  const poll = async () => {
    requests.push('poll');
    return polls[Math.min(polled++, polls.length - 1)] ?? PENDING;
  };
  const device = {
    deviceCode: 'deviceCANARY',
    userCode: 'ABCD-EFGH',
    verificationUrl: 'https://verify.example/',
    verificationUrlComplete: undefined,
    expiresInS: 600,
    intervalS: 5,
  };
  const endpoints: SignInEndpoints = {
    ...createFakeSignIn(),
    registerClient: async () => ({ clientId: 'c', clientSecret: 's', expiresAtMs: clock.now() + 90 * 86_400_000 }),
    startDevice: async () => device,
    pollDevice: poll,
    startSocialDevice: async () => device,
    pollSocialDevice: poll,
  };
  const signIn = (proxy: string | undefined) => {
    proxies.push(proxy);
    return endpoints;
  };
  const add = async (account: NewAccount) => {
    added.push(account);
    const stored = await store.accounts.put(account, clock.now());
    accounts.push(stored);
    return stored;
  };
  const adoption = new Adoption({
    accounts: { list: () => accounts, add },
    listProfiles: async () => profiles,
    log: SILENT,
  });
  const { registrations, signIns } = store;
  const tokens = { ...createFakeTokens(), signIn };
  const reopen = () => new SignIns({ store: signIns, tokens, adoption, registrations, clock, region: 'us-east-1' });
  return { ...{ added, accounts, requests, proxies, reopen }, service: reopen() };
}

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: GatewayError) => error,
  );
}

describe('a remote sign-in', () => {
  it('returns a URL and a code, then the account, polling no more', async () => {
    const { service, added, requests } = setup([PENDING, SIGNED_IN]);
    const begun = await service.start({ label: 'mine' });
    expect(begun).toEqual({
      id: begun.id,
      state: 'pending',
      verificationUrl: 'https://verify.example/',
      verificationUri: 'https://verify.example/',
      userCode: 'ABCD-EFGH',
      expiresAtMs: clock.now() + 300_000,
      intervalMs: 5_000,
      accountId: undefined,
    });
    const claimed = await service.claim(begun.id);
    expect(claimed).toMatchObject({ type: 'account', account: { label: 'mine', credential: { kind: 'builder-id' } } });
    expect(requests).toHaveLength(2);
    const again = await service.claim(begun.id);
    expect(again).toMatchObject({ type: 'account', account: { label: 'mine' } });
    expect(added).toHaveLength(1);
    expect((await service.status(begun.id)).accountId).toBe(added[0]?.id);
  });

  it('polls the service no faster than it allows, however often clients ask', async () => {
    const { service, requests } = setup([{ type: 'slow-down' }, SIGNED_IN]);
    const { id } = await service.start({});
    for (let second = 0; second < 14; second++) {
      await service.status(id);
      clock.advance(1_000);
    }
    expect(requests).toHaveLength(1);
    clock.advance(1_000);
    expect((await service.status(id)).state).toBe('approved');
    expect(requests).toHaveLength(2);
  });

  it('continues after a restart and in another replica', async () => {
    const { service, reopen } = setup([PENDING, SIGNED_IN]);
    const { id } = await service.start({});
    clock.advance(5_000);
    expect((await reopen().status(id)).state).toBe('pending');
    clock.advance(5_000);
    expect((await reopen().status(id)).state).toBe('approved');
    expect(await reopen().claim(id)).toMatchObject({ type: 'account' });
  });

  it('redeems the code once when two clients ask at the same time', async () => {
    const { service, reopen, requests } = setup([SIGNED_IN, { type: 'expired' }]);
    const { id } = await service.start({});
    clock.advance(5_000);
    const states = await Promise.all([service.status(id), reopen().status(id), reopen().status(id)]);
    expect(states.map(({ state }) => state)).toEqual(['approved', 'approved', 'approved']);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['denied', { type: 'denied' }],
    ['expired', { type: 'expired' }],
    ['expired', { type: 'client-rejected' }],
  ] as const)('stays %s once the service has returned %j', async (state, answer) => {
    const { service, added } = setup([answer, SIGNED_IN]);
    const { id } = await service.start({});
    clock.advance(5_000);
    expect((await service.status(id)).state).toBe(state);
    clock.advance(60_000);
    expect((await service.status(id)).state).toBe(state);
    expect((await failure(service.claim(id))).code).toBe('credential_rejected');
    expect(added).toEqual([]);
  });

  it('expires after five minutes', async () => {
    const { service, requests } = setup([PENDING]);
    const { id } = await service.start({});
    const error = await failure(service.claim(id));
    expect(error.message).toContain('in time');
    expect((await service.status(id)).state).toBe('expired');
    expect(requests.length).toBe(59);
  });

  it('reports its state without waiting', async () => {
    const { service } = setup([PENDING]);
    const { id } = await service.start({});
    expect(await service.claim(id, { waitMs: 0 })).toMatchObject({ type: 'pending', status: { state: 'pending' } });
  });

  it('stops waiting when the client disconnects', async () => {
    const { service } = setup([PENDING]);
    const { id } = await service.start({});
    expect((await failure(service.claim(id, {}, AbortSignal.abort()))).code).toBe('client_closed');
  });

  it('is not found when it was never started', async () => {
    const { service } = setup([]);
    expect((await failure(service.status('nobody'))).code).toBe('not_found');
  });

  it('signs in at Kiro through the proxy of the new account', async () => {
    const { service, added, proxies } = setup([SIGNED_IN]);
    const proxy = 'http://user:passwordCANARY@proxy.example:3128';
    const begun = await service.start({ social: 'google', proxy });
    await service.claim(begun.id);
    expect(added[0]).toMatchObject({ label: 'Kiro', proxy, credential: { kind: 'social' } });
    expect(new Set(proxies)).toEqual(new Set([proxy]));
    expect(JSON.stringify(begun)).not.toContain('CANARY');
  });

  it.each([
    ['region', { region: 'nowhere' }],
    ['start_url', { startUrl: 'http://acme.example/' }],
    ['profile_arn', { profileArn: 'arn:aws:s3:::bucket' }],
    ['proxy', { proxy: 'gopher://proxy.example' }],
    ['social', { social: 'facebook' as 'google' }], // an untyped caller may send it
    ['region', { social: 'google' as const, region: 'us-east-1' }],
  ])('rejects a wrong %s', async (param, request) => {
    const { service } = setup([SIGNED_IN]);
    expect(await failure(service.start(request))).toMatchObject({ code: 'invalid_request', param });
  });
});

describe('the profile of a sign-in', () => {
  const profiles = [
    { arn: ARN, name: 'Team' },
    { arn: OTHER_ARN, name: 'Other team' },
  ];

  it('is the only listed one', async () => {
    const { service } = setup([SIGNED_IN], profiles.slice(0, 1));
    const { id } = await service.start(IDC);
    expect(await service.claim(id)).toMatchObject({ account: { credential: { kind: 'idc', profileArn: ARN } } });
  });

  it('is chosen by the person if there are several', async () => {
    const { service, added } = setup([SIGNED_IN], profiles);
    const { id } = await service.start(IDC);
    expect(await service.claim(id)).toEqual({ type: 'choose-profile', profiles });
    expect(added).toEqual([]);
    const claimed = await service.claim(id, { profileArn: OTHER_ARN });
    expect(claimed).toMatchObject({ account: { credential: { profileArn: OTHER_ARN, region: 'eu-west-1' } } });
  });

  it('is the requested one if the service lists none', async () => {
    const { service } = setup([SIGNED_IN]);
    const { id } = await service.start({ profileArn: ARN });
    expect(await service.claim(id)).toMatchObject({ account: { credential: { kind: 'builder-id', profileArn: ARN } } });
  });

  it('is never one that the service does not list', async () => {
    const { service, added } = setup([SIGNED_IN], profiles);
    const { id } = await service.start(IDC);
    const profileArn = 'arn:aws:codewhisperer:us-east-1:999999999999:profile/ZZZZZZZZZZZZ';
    const error = await failure(service.claim(id, { profileArn }));
    expect(error).toMatchObject({ code: 'invalid_request', param: 'profile_arn' });
    expect(error.message).toContain('Other team');
    expect(added).toEqual([]);
    expect(await service.claim(id, { profileArn: ARN })).toMatchObject({ type: 'account' });
  });
});

describe('signing in again', () => {
  it('replaces client, region, profile and token together', async () => {
    const { service, accounts, added } = setup([SIGNED_IN]);
    const before = newAccount('old', { label: 'Work' });
    accounts.push(await store.accounts.put(before, clock.now()));
    const { id } = await service.start({ accountId: 'old' });
    await service.claim(id);
    expect(added[0]).toMatchObject({ id: 'old', label: 'Work' });
    expect(added[0]?.credential).toEqual({
      kind: 'builder-id',
      refreshToken: 'aorCANARY',
      clientId: 'c',
      clientSecret: 's',
      region: 'us-east-1',
      startUrl: 'https://view.awsapps.com/start',
      profileArn: undefined,
    });
  });

  it('needs an existing account that dragoman signed in', async () => {
    const { service, accounts } = setup([SIGNED_IN]);
    expect((await failure(service.start({ accountId: 'none' }))).code).toBe('not_found');
    const linked = newAccount('linked', { source: { type: 'environment' } });
    accounts.push(await store.accounts.put(linked, clock.now()));
    expect(await failure(service.start({ accountId: 'linked' }))).toMatchObject({ param: 'account_id' });
  });
});
