import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsCredential, createFakeTokens, newAccount } from '../../test/support/fake-accounts.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import type { UsageLimits } from '../core/usage-limits.ts';
import { openStore, type Store } from '../storage/open.ts';
import { systemClock } from '../transport/clock.ts';
import { NEW_ACCOUNT } from './health.ts';
import type { LeaseRequest } from './lease.ts';
import { DEFAULT_OPTIONS } from './options.ts';
import { Pool } from './pool.ts';
import type { PoolOptions } from './pool-options.ts';
import type { CredentialFile, NewAccount, Secrets } from './ports.ts';
import { TokenRefresh } from './token-refresh.ts';

let store: Store;

beforeEach(async () => {
  store = await openStore({ url: 'sqlite::memory:', home: '/nowhere', secretKey: undefined, clock: systemClock });
});
afterEach(() => store.close());

async function setup(accounts: readonly NewAccount[], more: Partial<PoolOptions> = {}) {
  const clock = createFakeClock();
  const tokens = createFakeTokens();
  let inFile: Secrets | undefined;
  const openFile = (): CredentialFile => ({ read: async () => inFile, write: async () => 'written' });
  const tokenRefresher = new TokenRefresh({ store: store.accounts, tokens, clock, log: SILENT, openFile });
  for (const account of accounts) await store.accounts.put(account, clock.now());
  const options: PoolOptions = {
    store: store.accounts,
    tokenRefresher,
    openFile,
    clock,
    log: SILENT,
    strategy: 'sticky',
    queueLimit: 10,
    queueTimeoutMs: 30_000,
    readLimits: async () => ({ plan: undefined, resetAtMs: undefined, allowances: [], overage: undefined }),
    maxErrorCount: 3,
    wireProfileOf: ({ credential }) => `profile-of-${credential.kind}`,
    baseUrl: 'http://127.0.0.1:1',
    named: new Set(['named']),
    ...more,
  };
  const pool = await Pool.open(options);
  const lease = async ({ tried, ...request }: Partial<Omit<LeaseRequest, 'tried'>> & { tried?: string[] } = {}) =>
    pool.lease({ conversationId: 'c', ...request, tried: new Set(tried) });
  const stateOf = (id: string) => pool.list().find((account) => account.id === id)?.health.state;
  return { pool, lease, clock, tokens, stateOf, options, setFile: (secrets: Secrets) => (inFile = secrets) };
}

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: GatewayError) => error,
  );
}

const error = (code: GatewayError['code'], retryAfterMs?: number) => new GatewayError(code, code, { retryAfterMs });

describe('a lease', () => {
  it('has all that a request needs of the account', async () => {
    const { lease } = await setup([newAccount('a')]);
    expect(await lease()).toMatchObject({
      accountId: 'a',
      accessToken: 'a-access-1',
      access: {
        region: 'us-east-1',
        profileArn: undefined,
        wireProfile: 'profile-of-builder-id',
        baseUrl: 'http://127.0.0.1:1',
        kind: 'builder-id',
      },
    });
  });

  it('needs no waiting if an account is free and its token is valid', async () => {
    const { pool, lease } = await setup([newAccount('a')]);
    (await lease()).release(undefined);
    expect(pool.lease({ conversationId: 'c', tried: new Set() })).toMatchObject({ accountId: 'a' });
  });

  it('of an API key has the key as its token', async () => {
    const credential = { kind: 'api-key', apiKey: 'ksk_1', region: 'us-east-1' } as const;
    const { lease, pool } = await setup([newAccount('a', { credential })]);
    const lent = await lease();
    expect(lent).toMatchObject({ accessToken: 'ksk_1', hasFixedToken: true, access: { kind: 'api-key' } });
    expect(await pool.status()).toEqual({ ready: 1, total: 1, hasToken: true, tokenExpired: false, waiting: 0 });
    await pool.refresh('a');
    expect((await pool.status()).ready).toBe(1);
  });

  it('goes to the same account for the same conversation, and spreads conversations over all', async () => {
    const { lease } = await setup(['a', 'b', 'c'].map((id) => newAccount(id)));
    const counts = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const { accountId } = await lease({ conversationId: `conversation-${i}` });
      expect((await lease({ conversationId: `conversation-${i}` })).accountId).toBe(accountId);
      counts.set(accountId, (counts.get(accountId) ?? 0) + 1);
    }
    for (const id of ['a', 'b', 'c']) expect(counts.get(id)).toBeGreaterThan(60);
  });

  it('moves only the conversations of a removed account', async () => {
    const { lease, pool } = await setup(['a', 'b', 'c'].map((id) => newAccount(id)));
    const conversations = Array.from({ length: 100 }, (_, index) => `conversation-${index}`);
    const before = new Map<string, string>();
    for (const id of conversations) before.set(id, (await lease({ conversationId: id })).accountId);
    await pool.setEnabled('b', false);
    for (const [conversationId, accountId] of before) {
      const now = (await lease({ conversationId })).accountId;
      if (accountId !== 'b') expect(now).toBe(accountId);
      else expect(now).not.toBe('b');
    }
  });

  it('skips accounts that were tried', async () => {
    const { lease } = await setup([newAccount('a'), newAccount('b')]);
    expect((await lease({ tried: ['a'] })).accountId).toBe('b');
    expect((await failure(lease({ tried: ['a', 'b'] }))).code).toBe('no_account');
  });

  it('counts once, however often it is released', async () => {
    const { lease, pool } = await setup([newAccount('a')]);
    const lent = await lease();
    lent.release(undefined);
    lent.release(error('account_suspended'));
    expect(pool.list()[0]?.health).toEqual({ ...NEW_ACCOUNT, successes: 1 });
  });

  it('does not count a success for a request about the account', async () => {
    const { lease, pool } = await setup([newAccount('a')]);
    (await lease({ control: true })).release(undefined);
    expect(pool.list()[0]?.health).toEqual(NEW_ACCOUNT);
  });

  it('never has a token that the upstream rejected', async () => {
    const { lease } = await setup([newAccount('a')]);
    const refused = await lease();
    refused.release(error('token_rejected'));
    const [one, other] = await Promise.all([lease(), lease()]);
    expect([one.accessToken, other.accessToken]).toEqual(['a-access-2', 'a-access-2']);
    refused.release(undefined);
    expect((await lease()).accessToken).toBe('a-access-2');
  });
});

describe('the outcome of a lease', () => {
  it('cools a throttled account down until its retry time', async () => {
    const { lease, clock, stateOf } = await setup([newAccount('a')]);
    (await lease()).release(error('account_throttled', 5_000));
    expect(stateOf('a')).toMatchObject({ status: 'cooling' });
    const refused = await failure(lease());
    expect(refused).toMatchObject({ code: 'account_throttled', retryAfterMs: 5_000 });
    expect(refused.message).toContain('1 cooling down');
    clock.advance(5_000);
    await lease();
  });

  it('signs an account out whose credential is rejected, and reports it', async () => {
    const { lease, tokens, stateOf } = await setup([newAccount('a')]);
    tokens.trouble = error('credential_rejected');
    expect((await failure(lease())).code).toBe('credential_rejected');
    expect(stateOf('a')).toEqual({ status: 'signed-out' });
    expect((await failure(lease())).message).toContain('dragoman login');
  });

  it.each([
    ['cannot be reached', 'upstream_broken', undefined, [1_000, 2_000, 4_000]],
    ['does not answer in time', 'upstream_timeout', undefined, [1_000, 2_000, 4_000]],
    ['throttles', 'upstream_throttled', 20_000, [20_000, 40_000, 80_000]],
    ['throttles for years', 'upstream_throttled', 1e15, [3_600_000, 3_600_000, 3_600_000]],
    ['refuses', 'permission_denied', undefined, [30_000, 60_000, 120_000]],
  ] as const)(
    'cools an account down whose token endpoint %s, longer each time',
    async (_name, code, wait, cooldowns) => {
      const { lease, tokens, stateOf, clock, pool } = await setup([newAccount('a')]);
      tokens.trouble = new GatewayError(code, 'It did not work.', { retryAfterMs: wait });
      for (const [index, cooldownMs] of cooldowns.entries()) {
        const refused = await failure(lease());
        expect(refused).toMatchObject({ code: 'credential_unavailable', accountId: 'a', retryAfterMs: cooldownMs });
        expect(stateOf('a')).toEqual({
          status: 'cooling',
          untilMs: clock.now() + cooldownMs,
          reason: 'credential_unavailable',
          attempts: index + 1,
          message: 'It did not work.',
        });
        clock.advance(cooldownMs);
      }
      expect(pool.list()[0]?.health).toMatchObject({ failures: 3, consecutiveFailures: 0 });
      tokens.trouble = undefined;
      // The refresher's own pause.
      clock.advance(3_600_000);
      (await lease()).release(undefined);
      expect(stateOf('a')).toEqual({ status: 'ready' });
    },
  );

  it('reports the failure while every account lacks a token', async () => {
    const { lease, tokens } = await setup([newAccount('a')]);
    tokens.trouble = new GatewayError('permission_denied', 'The identity provider refused.');
    await failure(lease());
    const refused = await failure(lease());
    expect(refused).toMatchObject({ code: 'credential_unavailable', retryAfterMs: 30_000 });
    expect(refused.message).toMatch(/1 cooling down.*The identity provider refused\.$/);
  });

  it('counts once for several requests that wait for the same token', async () => {
    const { lease, tokens, stateOf } = await setup([newAccount('a')]);
    tokens.trouble = error('upstream_broken');
    await Promise.all([failure(lease()), failure(lease()), failure(lease())]);
    expect(stateOf('a')).toMatchObject({ attempts: 1 });
  });

  it('makes the account ready again once a manual refresh succeeds', async () => {
    const { lease, tokens, stateOf, pool } = await setup([newAccount('a')]);
    tokens.trouble = error('permission_denied');
    await failure(lease());
    tokens.trouble = undefined;
    await pool.refresh('a');
    expect(stateOf('a')).toEqual({ status: 'ready' });
  });

  it('does not cool an account down when the database fails', async () => {
    const { lease, tokens, stateOf } = await setup([newAccount('a')]);
    tokens.trouble = error('storage_unavailable');
    expect(await failure(lease())).toMatchObject({ code: 'storage_unavailable', accountId: 'a' });
    expect(stateOf('a')).toEqual({ status: 'ready' });
  });

  it('disables an account after too many consecutive failures of its own', async () => {
    const { lease, stateOf } = await setup([newAccount('a')]);
    for (let i = 0; i < 2; i++) (await lease()).release(error('permission_denied'));
    (await lease()).release(undefined);
    for (let i = 0; i < 3; i++) (await lease()).release(error('permission_denied'));
    expect(stateOf('a')).toEqual({ status: 'disabled', by: 'errors' });
  });

  it('is stored: a change of state at once, counters with a delay and on close', async () => {
    const { lease, pool } = await setup([newAccount('a')]);
    (await lease()).release(undefined);
    (await lease()).release(undefined);
    expect((await store.accounts.find('a'))?.health).toEqual(NEW_ACCOUNT);
    await pool.flush();
    expect((await store.accounts.find('a'))?.health.successes).toBe(2);
    (await lease()).release(error('account_suspended'));
    await pool.flush();
    expect((await store.accounts.find('a'))?.health.state).toMatchObject({ status: 'suspended' });
  });

  it('is kept in memory until it can be stored, which is tried again', async () => {
    const { lease, pool, clock } = await setup([newAccount('a')]);
    const save = store.accounts.changeHealth.bind(store.accounts);
    let tries = 0;
    store.accounts.changeHealth = async () => {
      tries += 1;
      throw error('storage_unavailable');
    };
    (await lease()).release(error('account_suspended'));
    await pool.flush();
    tries = 0;
    clock.advance(10_000);
    await pool.flush();
    expect(tries).toBe(2);
    store.accounts.changeHealth = save;
    clock.advance(10_000);
    const stored = async () => (await store.accounts.find('a'))?.health.state;
    await vi.waitFor(async () => expect(await stored()).toMatchObject({ status: 'suspended' }));
    store.accounts.changeHealth = () => {
      tries += 1;
      return Promise.reject(error('storage_unavailable'));
    };
    await pool.setEnabled('a', false).catch(() => {});
    await pool.close();
    tries = 0;
    clock.advance(60_000);
    await pool.flush();
    expect(tries).toBe(1);
  });
});

describe('closing events', () => {
  it('are remembered with the account and the wire profile, and written once', async () => {
    const { lease, pool, options } = await setup([newAccount('a'), newAccount('b')]);
    const add = store.accounts.addClosingEvents.bind(store.accounts);
    let writes = 0;
    store.accounts.addClosingEvents = (...args) => {
      writes += 1;
      return add(...args);
    };
    const first = await lease();
    expect(first.sendsClosingEvents).toBe(false);
    first.learnClosingEvents();
    first.learnClosingEvents();
    first.release(undefined);
    await pool.flush();
    const second = await lease();
    expect(second.sendsClosingEvents).toBe(true);
    second.learnClosingEvents();
    await pool.flush();
    expect(writes).toBe(1);

    const restarted = await Pool.open(options);
    const request = { conversationId: 'c', tried: new Set<string>() };
    expect((await restarted.lease(request)).sendsClosingEvents).toBe(true);
    expect((await lease({ tried: [second.accountId] })).sendsClosingEvents).toBe(false);
    const other = await Pool.open({ ...options, wireProfileOf: () => 'another' });
    expect((await other.lease(request)).sendsClosingEvents).toBe(false);
  });

  it('are learned from the next reply if they could not be stored', async () => {
    const { lease, pool } = await setup([newAccount('a')]);
    const add = store.accounts.addClosingEvents.bind(store.accounts);
    store.accounts.addClosingEvents = async () => {
      throw error('storage_unavailable');
    };
    const learn = async () => {
      const lent = await lease();
      lent.learnClosingEvents();
      lent.release(undefined);
      await pool.flush();
      return (await lease()).sendsClosingEvents;
    };
    expect(await learn()).toBe(false);
    store.accounts.addClosingEvents = add;
    expect(await learn()).toBe(true);
  });

  it('are no longer expected after three replies in a row without them, until the next reply with them', async () => {
    const { lease, pool } = await setup([newAccount('a')]);
    (await lease()).learnClosingEvents();
    await pool.flush();
    const expected = async (ending: 'learnClosingEvents' | 'missClosingEvents') => {
      const lent = await lease();
      lent[ending]();
      return (await lease()).sendsClosingEvents;
    };
    expect(await expected('missClosingEvents')).toBe(true);
    expect(await expected('missClosingEvents')).toBe(true);
    expect(await expected('learnClosingEvents')).toBe(true);
    expect(await expected('missClosingEvents')).toBe(true);
    expect(await expected('missClosingEvents')).toBe(true);
    expect(await expected('missClosingEvents')).toBe(false);
    expect(await expected('learnClosingEvents')).toBe(true);
    await pool.close();
  });

  it('are known here if another process has learned them', async () => {
    const { lease, pool } = await setup([newAccount('a')]);
    await store.accounts.addClosingEvents('a', 'profile-of-builder-id', 1);
    store.accounts.changeMark = () => 77;
    expect((await lease()).sendsClosingEvents).toBe(true);
    await pool.close();
  });
});

describe('a busy account', () => {
  const ONE_AT_A_TIME = { ...DEFAULT_OPTIONS, maxConcurrency: 1 };
  const busyAccount = (id: string) => newAccount(id, { options: ONE_AT_A_TIME });
  /** The deadline passes only when the test says so. */
  function slowClock() {
    const clock = createFakeClock();
    const timesUp = Promise.withResolvers<void>();
    return { clock: { ...clock, sleep: () => timesUp.promise }, timesUp };
  }
  /** A sleep ends when the test has advanced the time that far. */
  function steppedClock() {
    const clock = createFakeClock();
    const sleepers = new Set<{ readonly atMs: number; wake(): void }>();
    return {
      ...clock,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((wake, reject) => {
          const sleeper = { atMs: clock.now() + ms, wake };
          sleepers.add(sleeper);
          signal?.addEventListener('abort', () => {
            sleepers.delete(sleeper);
            reject(signal.reason);
          });
        }),
      advance(ms: number) {
        clock.advance(ms);
        for (const sleeper of sleepers) {
          if (sleeper.atMs > clock.now()) continue;
          sleepers.delete(sleeper);
          sleeper.wake();
        }
      },
      pending: () => [...sleepers].map(({ atMs }) => atMs - clock.now()).sort((a, b) => a - b),
    };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('makes requests wait in the queue', async () => {
    const { lease, pool } = await setup([busyAccount('a')], { clock: slowClock().clock });
    const first = await lease();
    const order: string[] = [];
    const second = lease().then((lent) => {
      order.push('second');
      return lent;
    });
    const third = lease().then(() => order.push('third'));
    await settled();
    expect(order).toEqual([]);
    expect((await pool.status()).waiting).toBe(2);
    first.release(undefined);
    (await second).release(undefined);
    await third;
    expect(order).toEqual(['second', 'third']);
  });

  it('is not leased to a request whose client has disconnected, which leaves the queue', async () => {
    const { lease } = await setup([busyAccount('a')], { clock: slowClock().clock, queueLimit: 1 });
    const first = await lease();
    const gone = new AbortController();
    const second = failure(lease({ signal: gone.signal }));
    await settled();
    expect((await failure(lease())).message).toContain('The queue for accounts is full (1 waiting): 1 at its limit');
    gone.abort();
    expect((await second).code).toBe('client_closed');
    const third = lease();
    await settled();
    first.release(undefined);
    expect((await third).accountId).toBe('a');
  });

  it('makes requests wait until their deadline, then rejects them with retry-after', async () => {
    const { clock, timesUp } = slowClock();
    const { lease } = await setup([busyAccount('a')], { clock });
    const first = await lease();
    clock.advance(4_000);
    first.release(undefined);
    const second = await lease();
    const late = failure(lease());
    await settled();
    timesUp.resolve();
    const error = await late;
    expect(error).toMatchObject({ code: 'accounts_busy', message: expect.stringContaining('1 at its limit') });
    expect(error.retryAfterMs).toBeGreaterThan(5_000);
    expect(error.retryAfterMs).toBeLessThan(20_000);
    second.release(undefined);
  });

  it('is leased to the next request when a lease is cancelled', async () => {
    const { pool, lease } = await setup([busyAccount('a')], { clock: slowClock().clock });
    const first = await lease();
    const before = pool.list().map(({ health }) => health);
    const waiting = lease();
    await settled();
    first.cancel();
    first.release(error('account_suspended'));
    expect((await waiting).accountId).toBe('a');
    expect(pool.list().map(({ health }) => health)).toEqual(before);
  });

  it('rejects queued requests when it is suspended meanwhile', async () => {
    const { lease } = await setup([busyAccount('a')], { clock: slowClock().clock });
    const first = await lease();
    const second = failure(lease());
    await settled();
    first.release(error('account_suspended'));
    expect(await second).toMatchObject({ code: 'no_account', message: expect.stringContaining('1 suspended') });
  });

  it('keeps no request waiting beyond the cooldown of another account', async () => {
    const clock = steppedClock();
    const { lease } = await setup([busyAccount('a'), busyAccount('b')], { clock });
    const first = await lease();
    const other = await lease();
    other.release(error('account_throttled', 5_000));
    const second = lease();
    await settled();
    expect(clock.pending()).toEqual([5_000, 30_000]);
    clock.advance(4_999);
    await settled();
    expect(clock.pending()).toEqual([1, 25_001]);
    clock.advance(1);
    expect(await second).toMatchObject({ accountId: other.accountId, choice: { waitedMs: 5_000 } });
    expect(clock.pending()).toEqual([]);
    first.release(undefined);
  });

  it('has no timer once no request is waiting', async () => {
    const clock = steppedClock();
    const { lease } = await setup([busyAccount('a'), busyAccount('b')], { clock });
    const first = await lease();
    (await lease()).release(error('account_throttled', 5_000));
    expect(clock.pending()).toEqual([]);
    const gone = new AbortController();
    const second = failure(lease({ signal: gone.signal }));
    const third = lease();
    await settled();
    expect(clock.pending()).toEqual([5_000, 30_000, 30_000]);
    gone.abort();
    expect((await second).code).toBe('client_closed');
    expect(clock.pending()).toEqual([5_000, 30_000]);
    first.release(undefined);
    await third;
    expect(clock.pending()).toEqual([]);
  });

  it('is not waited for any longer once another process has added an account', async () => {
    const clock = steppedClock();
    const { lease, pool } = await setup([busyAccount('a')], { clock });
    await lease();
    const second = lease();
    await settled();
    await store.accounts.put(newAccount('b'), clock.now());
    store.accounts.latestChangeMark = async () => 77;
    clock.advance(1_000);
    await pool.status();
    expect((await second).accountId).toBe('b');
  });

  it('serves a request at its deadline if it has become free without an event', async () => {
    const clock = steppedClock();
    const { lease, pool } = await setup([busyAccount('a')], { clock });
    await lease();
    const second = lease();
    await settled();
    const account = pool.list()[0] ?? expect.fail();
    Object.assign(account.options, { maxConcurrency: 2 });
    clock.advance(30_000);
    expect((await second).accountId).toBe('a');
  });

  it('does not make a request about an account wait', async () => {
    const { lease } = await setup([busyAccount('a')]);
    await lease();
    expect((await lease({ control: true })).accountId).toBe('a');
  });

  it('serves more requests as soon as its owner raises the limit', async () => {
    const { lease, pool } = await setup([busyAccount('a')], { clock: slowClock().clock });
    await lease();
    const second = lease();
    await settled();
    await pool.patch('a', { maxConcurrency: 2 });
    expect((await second).accountId).toBe('a');
  });

  it('frees the slot when no token could be obtained', async () => {
    const { lease, tokens, clock } = await setup([busyAccount('a')]);
    tokens.trouble = error('upstream_broken');
    await failure(lease());
    tokens.trouble = undefined;
    clock.advance(1_000);
    expect((await lease()).accountId).toBe('a');
  });
});

describe("an account's pace", () => {
  it('keeps starts as far apart as its owner has set', async () => {
    const { lease, clock } = await setup([newAccount('a', { options: { ...DEFAULT_OPTIONS, minIntervalMs: 400 } })]);
    await lease();
    expect((await lease()).choice.waitedMs).toBe(400);
    expect(clock.sleeps).toEqual([400]);
  });

  it('is not slowed by clients that disconnect before their start', async () => {
    const options = { ...DEFAULT_OPTIONS, minIntervalMs: 400 };
    const fake = createFakeClock();
    const sleep = (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const { lease, pool } = await setup([newAccount('a', { options })], { clock: { ...fake, sleep } });
    await lease();
    const gone = new AbortController();
    const left = Array.from({ length: 5 }, () => failure(lease({ signal: gone.signal })));
    await new Promise((resolve) => setImmediate(resolve));
    expect((await pool.status()).waiting).toBe(5);
    gone.abort();
    for (const error of await Promise.all(left)) expect(error.code).toBe('client_closed');
    fake.advance(400);
    expect((await lease()).choice.waitedMs).toBe(0);
  });

  it('slows down when the service throttles, and other accounts serve meanwhile', async () => {
    const { lease, clock } = await setup(['a', 'b'].map((id) => newAccount(id)));
    const first = await lease();
    const other = first.accountId === 'a' ? 'b' : 'a';
    first.release(error('upstream_throttled', 9_000));
    const second = await lease();
    expect(second.accountId).toBe(other);
    expect(second.choice).toMatchObject({ homeId: first.accountId, skipped: [{ why: 'paced' }] });
    clock.advance(9_000);
    expect((await lease()).accountId).toBe(first.accountId);
  });

  it('rejects a request at once, with the time, if it cannot wait that long', async () => {
    const { lease } = await setup([newAccount('a')]);
    (await lease()).release(error('upstream_throttled', 90_000));
    expect(await failure(lease())).toMatchObject({ code: 'accounts_busy', retryAfterMs: 90_000 });
  });

  it('moves a waiting request to another account if its own begins to cool down', async () => {
    const clock = createFakeClock();
    let whileWaiting = () => {};
    const sleep: Clock['sleep'] = async (ms) => {
      clock.advance(ms);
      whileWaiting();
    };
    const { lease, pool } = await setup([newAccount('a'), newAccount('b')], {
      strategy: 'fill-first',
      clock: { ...clock, sleep },
    });
    for (const id of ['a', 'b']) await pool.patch(id, { minIntervalMs: id === 'a' ? 400 : 500 });
    const [first, second] = [await lease(), await lease()];
    expect([first.accountId, second.accountId]).toEqual(['a', 'b']);
    whileWaiting = () => first.release(error('account_throttled'));
    const third = await lease();
    expect(third).toMatchObject({ accountId: 'b', choice: { waitedMs: 500, skipped: [{ why: 'cooling' }] } });
  });
});

describe('round-robin', () => {
  it('follows the weights, and an account does not make up for a cooldown', async () => {
    const { lease, clock, pool } = await setup(
      ['a', 'b', 'c'].map((id) => newAccount(id)),
      { strategy: 'round-robin' },
    );
    await pool.patch('c', { weight: 2 });
    const leaseMany = async (times: number) => {
      const counts: Record<string, number> = {};
      for (let i = 0; i < times; i++) {
        const leased = await lease();
        leased.release(undefined);
        const { accountId } = leased;
        counts[accountId] = (counts[accountId] ?? 0) + 1;
      }
      return counts;
    };
    expect(await leaseMany(40)).toEqual({ a: 10, b: 10, c: 20 });
    (await lease({ tried: ['b', 'c'] })).release(error('account_suspended'));
    expect(await leaseMany(30)).toEqual({ b: 10, c: 20 });
    await pool.setEnabled('a', true);
    clock.advance(1);
    const after = await leaseMany(40);
    expect(after.a).toBeGreaterThanOrEqual(10);
    expect(after.a).toBeLessThanOrEqual(12);
  });
});

describe('a group', () => {
  it('without accounts is reported as such', async () => {
    const { lease } = await setup([newAccount('a')]);
    expect(await failure(lease({ group: 'x' }))).toMatchObject({ code: 'invalid_request', param: 'x-dragoman-group' });
  });
});

describe("an account's plan", () => {
  const RESET = Date.UTC(2026, 1, 1);
  const credits = (used: number, limit = 50): UsageLimits => ({
    plan: 'KIRO PRO',
    resetAtMs: RESET,
    allowances: [{ kind: 'plan', name: 'Credits', used, limit, expiresAtMs: undefined }],
    overage: undefined,
  });

  it('makes the account cool down until its reset date once it is used up', async () => {
    const readLimits = async () => credits(50);
    const { lease, stateOf, clock } = await setup([newAccount('a')], { readLimits });
    (await lease()).release(error('quota_exhausted'));
    await expect.poll(() => stateOf('a')).toEqual({ status: 'exhausted', untilMs: RESET, reason: 'quota_exhausted' });
    expect(await failure(lease())).toMatchObject({ code: 'quota_exhausted', retryAfterMs: RESET - clock.now() });
    clock.advance(RESET - clock.now());
    expect((await lease()).accountId).toBe('a');
  });

  it('is read on request, kept, and makes the account ready again if it has grown', async () => {
    let used = 50;
    const { pool, stateOf } = await setup([newAccount('a')], { readLimits: async () => credits(used) });
    expect(pool.limits('a')).toBeUndefined();
    await pool.readLimits('a');
    expect(stateOf('a')).toMatchObject({ status: 'exhausted', untilMs: RESET });
    used = 10;
    expect(await pool.readLimits('a')).toMatchObject({ limits: credits(10) });
    expect(pool.limits('a')?.limits).toEqual(credits(10));
    expect(stateOf('a')).toEqual({ status: 'ready' });
    await pool.remove('a');
    expect(pool.limits('a')).toBeUndefined();
    expect((await failure(pool.readLimits('a'))).code).toBe('not_found');
  });

  it('brings a suspended account back hours later without sending a chat', async () => {
    let reads = 0;
    let trouble: GatewayError | undefined = error('account_suspended');
    const { pool, lease, clock, stateOf } = await setup([newAccount('a')], {
      readLimits: async () => {
        reads++;
        if (trouble) throw trouble;
        return credits(10);
      },
    });
    (await lease()).release(error('account_suspended'));
    expect((await failure(pool.readLimits('a'))).code).toBe('account_suspended');
    expect(reads).toBe(0);

    clock.advance(4 * 3_600_000);
    expect((await failure(lease())).code).toBe('no_account');
    expect((await failure(pool.readLimits('a'))).code).toBe('account_suspended');
    expect(reads).toBe(1);
    expect((await failure(pool.readLimits('a'))).code).toBe('account_suspended');
    expect(reads).toBe(1);

    clock.advance(4 * 3_600_000);
    trouble = error('upstream_broken');
    expect((await failure(pool.readLimits('a'))).code).toBe('upstream_broken');
    expect(stateOf('a')).toMatchObject({ status: 'suspended' });
    trouble = undefined;
    await pool.readLimits('a');
    expect(stateOf('a')).toEqual({ status: 'ready' });
    expect((await lease()).accountId).toBe('a');
    await pool.close();
  });

  it.each(['permission_denied', 'token_rejected'] as const)(
    'checks a suspended account again at the same interval after %s',
    async (code) => {
      let reads = 0;
      const { pool, lease, clock, stateOf } = await setup([newAccount('a')], {
        readLimits: async () => {
          reads++;
          throw error(code);
        },
      });
      (await lease()).release(error('account_suspended'));
      clock.advance(4 * 3_600_000);
      expect((await failure(pool.readLimits('a'))).code).toBe(code);
      expect(stateOf('a')).toMatchObject({ status: 'suspended' });
      const readsAtOnce = reads;
      clock.advance(4 * 3_600_000 - 1);
      expect((await failure(pool.readLimits('a'))).code).toBe('account_suspended');
      expect(reads).toBe(readsAtOnce);
      await pool.close();
    },
  );

  it('decides which account is least used', async () => {
    const used: Record<string, number> = { a: 40, b: 10, c: 30 };
    const { pool, lease } = await setup(
      Object.keys(used).map((id) => newAccount(id)),
      { strategy: 'least-used', readLimits: async ({ accountId }) => credits(used[accountId] ?? 0) },
    );
    for (const id of Object.keys(used)) await pool.readLimits(id);
    expect((await lease()).accountId).toBe('b');
    used.b = 45;
    await pool.readLimits('b');
    expect((await lease()).accountId).toBe('c');
  });

  it('is read once more with a new token when the first one is rejected', async () => {
    const reads: string[] = [];
    const { pool } = await setup([newAccount('a')], {
      readLimits: async ({ accessToken }) => {
        reads.push(accessToken);
        if (reads.length === 1) throw error('token_rejected');
        return credits(1);
      },
    });
    await pool.readLimits('a');
    expect(reads).toEqual(['a-access-1', 'a-access-2']);
  });

  it('is not read while the account is suspended or signed out, and a reading may detect that it is', async () => {
    let reads = 0;
    const { pool, lease, stateOf } = await setup([newAccount('a')], {
      readLimits: async () => {
        reads++;
        throw error(reads === 1 ? 'permission_denied' : 'account_suspended');
      },
    });
    expect((await failure(pool.readLimits('a'))).code).toBe('permission_denied');
    expect(pool.list()[0]?.health).toEqual(NEW_ACCOUNT);
    expect((await failure(pool.readLimits('a'))).code).toBe('account_suspended');
    expect(stateOf('a')).toMatchObject({ status: 'suspended' });
    expect((await failure(pool.readLimits('a'))).code).toBe('account_suspended');
    expect(reads).toBe(2);
    await pool.setEnabled('a', true);
    (await lease()).release(error('credential_rejected'));
    expect((await failure(pool.readLimits('a'))).code).toBe('credential_rejected');
  });
});

describe('a large pool', () => {
  it('names some of the skipped accounts, and counts them all', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `a${index}`);
    const { lease, pool } = await setup(
      ids.map((id) => newAccount(id)),
      { strategy: 'fill-first' },
    );
    for (const id of ids.slice(0, 39)) await pool.setEnabled(id, false);
    const { choice } = await lease();
    expect(choice).toMatchObject({ candidates: 1, skippedCount: 39 });
    expect(choice.skipped).toHaveLength(10);
  });
});

describe('after a restart', () => {
  it('keeps the state of each account', async () => {
    const { lease, pool, options, clock } = await setup(['a', 'b', 'c', 'd', 'e'].map((id) => newAccount(id)));
    const failures = {
      a: error('account_suspended'),
      b: error('quota_exhausted'),
      c: error('account_throttled', 60_000),
      d: error('credential_rejected'),
    };
    for (const [id, failed] of Object.entries(failures)) {
      const others = ['a', 'b', 'c', 'd', 'e'].filter((other) => other !== id);
      (await lease({ tried: others })).release(failed);
    }
    (await lease({ tried: ['a', 'b', 'c', 'd'] })).release(undefined);
    await pool.close();
    const again = await Pool.open(options);
    expect(again.list().map(({ health }) => health)).toEqual(pool.list().map(({ health }) => health));
    expect(again.list().map(({ health }) => health.state.status)).toEqual([
      ...['suspended', 'exhausted', 'cooling', 'signed-out', 'ready'],
    ]);
    clock.advance(60_000);
    const served = await again.lease({ conversationId: 'c', tried: new Set(['e']) });
    expect(served.accountId).toBe('c');
    await again.close();
  });
});

describe('two processes', () => {
  it('add up their counts, and neither overwrites the state that the other has stored', async () => {
    let mark = 1;
    const shared = { store: Object.assign(store.accounts, { changeMark: () => mark }) };
    const one = await setup([newAccount('a')], shared);
    const other = await Pool.open({ ...one.options, ...shared });
    (await one.lease()).release(undefined);
    const running = await one.lease();
    (await other.lease({ conversationId: 'c', tried: new Set() })).release(error('account_suspended'));
    await other.flush();
    running.release(undefined);
    await one.pool.flush();
    expect((await store.accounts.find('a'))?.health).toMatchObject({
      state: { status: 'suspended' },
      successes: 2,
      failures: 1,
    });
    expect(one.stateOf('a')).toMatchObject({ status: 'suspended' });
    mark++;
  });

  it('keep each other’s counts when the operator disables an account in one of them', async () => {
    const shared = { store: Object.assign(store.accounts, { changeMark: () => 1 }) };
    const one = await setup([newAccount('a')], shared);
    const other = await Pool.open({ ...one.options, ...shared });
    for (let count = 0; count < 3; count++) (await one.lease()).release(undefined);
    await one.pool.flush();
    (await other.lease({ conversationId: 'c', tried: new Set() })).release(undefined);
    await other.setEnabled('a', false);
    expect((await store.accounts.find('a'))?.health).toMatchObject({ state: { status: 'disabled' }, successes: 4 });
  });
});

describe('an order that the database does not take', () => {
  async function setupFailing(account: NewAccount) {
    const made = await setup([account]);
    const { discard, remove, changeHealth } = store.accounts;
    const reject = () => Promise.reject(error('storage_unavailable'));
    Object.assign(store.accounts, { discard: reject, remove: reject, changeHealth: reject });
    return { ...made, heal: () => Object.assign(store.accounts, { discard, remove, changeHealth }) };
  }

  it('does not remove the account from this process either', async () => {
    const { pool, lease, heal } = await setupFailing(newAccount('a'));
    expect((await failure(pool.discard('a'))).code).toBe('storage_unavailable');
    expect((await failure(pool.remove('a'))).code).toBe('storage_unavailable');
    expect(pool.list()).toMatchObject([{ id: 'a' }]);
    expect((await lease()).accountId).toBe('a');
    heal();
    expect(await pool.discard('a')).toBe(true);
    expect(pool.list()).toEqual([]);
  });

  it('is reported when an account is disabled, holds here, and is saved later', async () => {
    const { pool, stateOf, heal } = await setupFailing(newAccount('a'));
    expect((await failure(pool.setEnabled('a', false))).code).toBe('storage_unavailable');
    expect(stateOf('a')).toMatchObject({ status: 'disabled' });
    heal();
    await pool.flush();
    expect((await store.accounts.find('a'))?.health.state).toMatchObject({ status: 'disabled' });
  });
});

it('tells requests that wait for a removed account at once', async () => {
  const credential = { kind: 'api-key', apiKey: 'ksk_1', region: 'us-east-1' } as const;
  const account = newAccount('a', { credential, options: { ...DEFAULT_OPTIONS, maxConcurrency: 1 } });
  for (const order of ['discard', 'remove'] as const) {
    const { pool, lease } = await setup([account], { clock: systemClock });
    await lease();
    const waiting = failure(lease());
    await expect.poll(async () => (await pool.status()).waiting).toBe(1);
    await pool[order]('a');
    expect((await waiting).message).toContain('No account is signed in');
  }
});

describe('the accounts of a run', () => {
  it('are those signed in and those that this run names', async () => {
    const source = { type: 'environment' } as const;
    const { pool } = await setup([newAccount('a'), newAccount('named', { source }), newAccount('other', { source })]);
    expect(
      pool
        .list()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['a', 'named']);
  });

  it('grow and shrink when another process writes', async () => {
    let mark = 1;
    const { pool, lease, options, clock } = await setup([newAccount('a')], {
      store: Object.assign(store.accounts, { changeMark: () => mark }),
    });
    await lease();
    await options.store.put(newAccount('b'), 5);
    await options.store.remove('a');
    expect((await lease()).accountId).toBe('a');
    mark++;
    clock.advance(200);
    expect((await lease()).accountId).toBe('b');
    expect(pool.list()).toHaveLength(1);
  });

  it('are new entries after another process has removed and added them', async () => {
    const { pool, lease, stateOf } = await setup([newAccount('a')]);
    (await lease()).release(error('account_suspended'));
    await pool.refresh('a');
    await pool.flush();
    await store.accounts.remove('a');
    const token = { value: 'again', expiresAtMs: Number.MAX_SAFE_INTEGER };
    await store.accounts.put(newAccount('a', { accessToken: token }), 5);
    store.accounts.latestChangeMark = async () => 77;
    await pool.readLatest();
    expect(stateOf('a')).toEqual({ status: 'ready' });
    expect((await lease()).accessToken).toBe('again');
  });

  it('are up to date in the status, even without leases', async () => {
    let mark = 1;
    const marks = { changeMark: () => mark, latestChangeMark: async () => mark };
    const { pool } = await setup([], { store: Object.assign(store.accounts, marks) });
    await store.accounts.put(newAccount('a'), 5);
    mark++;
    expect((await pool.status()).total).toBe(1);
  });

  it('shorten a cooldown until the year 5195, and store that', async () => {
    const state = { status: 'cooling', untilMs: 101_000_000_000_000, reason: 'account_throttled' } as const;
    const { pool, clock, stateOf, lease } = await setup([newAccount('a', { health: { ...NEW_ACCOUNT, state } })]);
    const healed = { ...state, untilMs: clock.now() + 3_600_000 };
    expect(stateOf('a')).toEqual(healed);
    await pool.flush();
    expect((await store.accounts.find('a'))?.health.state).toEqual(healed);
    clock.advance(3_600_000);
    expect((await lease()).accountId).toBe('a');
  });

  it('are served from memory while the database does not answer', async () => {
    const { pool, clock } = await setup([newAccount('a')]);
    store.accounts.latestChangeMark = () => Promise.withResolvers<number>().promise;
    const status = pool.status();
    clock.advance(1_000);
    expect((await status).total).toBe(1);
    store.accounts.latestChangeMark = () => Promise.reject(error('storage_unavailable'));
    expect((await pool.status()).total).toBe(1);
    expect(await failure(pool.readLatest())).toMatchObject({ code: 'storage_unavailable' });
  });

  it('keep changes made here while they are being read', async () => {
    const { pool } = await setup([newAccount('a')]);
    const list = store.accounts.list.bind(store.accounts);
    const reading = Promise.withResolvers<void>();
    store.accounts.latestChangeMark = async () => 77;
    store.accounts.list = async () => {
      const rows = await list();
      await reading.promise;
      return rows;
    };
    const refreshed = pool.readLatest();
    store.accounts.latestChangeMark = async () => store.accounts.changeMark();
    await pool.patch('a', { label: 'changed meanwhile' });
    await pool.setEnabled('a', false);
    reading.resolve();
    await refreshed;
    expect(pool.list()[0]).toMatchObject({ label: 'changed meanwhile', health: { state: { status: 'disabled' } } });
  });

  it('keep serving when the store fails', async () => {
    const gone = () => {
      throw error('storage_unavailable');
    };
    let changeMark: () => number = () => 1;
    const { lease, clock } = await setup([newAccount('a')], {
      store: Object.assign(store.accounts, { changeMark: () => changeMark() }),
    });
    await lease();
    changeMark = gone;
    clock.advance(200);
    expect((await lease()).accountId).toBe('a');
  });

  it('are added, disabled, enabled, refreshed and removed by the operator', async () => {
    const { pool, lease, tokens } = await setup([]);
    expect((await failure(lease())).message).toContain('dragoman login');
    await pool.add(newAccount('a'));
    expect((await lease()).accessToken).toBe('a-access-1');
    await pool.refresh('a');
    expect((await lease()).accessToken).toBe('a-access-2');
    expect(tokens.presented).toHaveLength(2);
    await pool.setEnabled('a', false);
    expect((await failure(lease())).message).toContain('1 disabled');
    await pool.setEnabled('a', true);
    await lease();
    expect(await pool.remove('a')).toBe(true);
    expect(await pool.remove('a')).toBe(false);
    expect(await pool.setEnabled('a', true)).toBe(false);
    expect((await failure(pool.refresh('a'))).code).toBe('not_found');
    expect(await pool.status()).toEqual({ ready: 0, total: 0, hasToken: false, tokenExpired: false, waiting: 0 });
  });

  it.each([
    new GatewayError('upstream_broken', 'The connection was reset.'),
    new GatewayError('upstream_overloaded', 'The sign-in service is overloaded.'),
    new GatewayError('upstream_throttled', 'Too many requests.', { retryAfterMs: 60_000 }),
  ])('keep serving with their present token when a manual refresh fails: $code', async (trouble) => {
    const { pool, lease, clock, tokens, stateOf } = await setup([newAccount('a')]);
    expect((await lease()).accessToken).toBe('a-access-1');
    tokens.trouble = trouble;
    expect((await failure(pool.refresh('a'))).code).toBe(trouble.code);
    expect((await lease()).accessToken).toBe('a-access-1');
    expect(stateOf('a')).toEqual({ status: 'ready' });
    tokens.trouble = undefined;
    clock.advance(trouble.retryAfterMs ?? 0);
    await pool.refresh('a');
    expect((await lease()).accessToken).toBe('a-access-2');
  });

  it('are signed out when a manual refresh finds their credential rejected', async () => {
    const { pool, lease, tokens, stateOf } = await setup([newAccount('a')]);
    await lease();
    tokens.trouble = new GatewayError('credential_rejected', 'Sign in again.');
    expect((await failure(pool.refresh('a'))).code).toBe('credential_rejected');
    expect(stateOf('a')).toEqual({ status: 'signed-out' });
    expect((await failure(lease())).code).toBe('no_account');
  });

  it('take a new label and options, all or none, and keep them', async () => {
    const { pool, options } = await setup([newAccount('a')]);
    const patched = await pool.patch('a', { label: ' work ', priority: 3 });
    expect(patched).toMatchObject({ label: 'work', options: { ...DEFAULT_OPTIONS, priority: 3 } });
    expect((await failure(pool.patch('a', { label: 'other', weight: 0 }))).param).toBe('weight');
    expect((await failure(pool.patch('a', { label: 'two\nlines' }))).param).toBe('label');
    expect((await failure(pool.patch('none', {}))).code).toBe('not_found');
    const restarted = await Pool.open(options);
    expect(restarted.list()).toEqual([patched]);
  });

  it('use a replaced credential at once, and never the old one again', async () => {
    const { pool, lease, tokens, options } = await setup([newAccount('a')]);
    const before = await lease();
    const replaced = await pool.patch('a', { label: 'same', credential: awsCredential('b-refresh-0') });
    expect(replaced).toMatchObject({ id: 'a', label: 'same', accessToken: undefined });
    expect((await lease()).accessToken).toBe('b-access-1');
    before.release(error('token_rejected'));
    expect((await lease()).accessToken).toBe('b-access-1');
    expect((await (await Pool.open(options)).fresh('a')).accessToken.value).toBe('b-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0', 'b-refresh-0']);
  });

  it('are ready with a replaced credential even if the old one is rejected meanwhile', async () => {
    const { pool, lease, tokens, stateOf } = await setup([newAccount('a', { credential: awsCredential('dead') })]);
    const rejected = failure(lease());
    await pool.patch('a', { credential: awsCredential('b-refresh-0') });
    expect((await rejected).code).toBe('credential_rejected');
    expect(stateOf('a')).toEqual({ status: 'ready' });
    expect((await lease()).accessToken).toBe('b-access-1');
    expect(tokens.presented).toEqual(['dead', 'b-refresh-0']);
  });

  it('are reported as expired when no token is valid any longer', async () => {
    const { pool, lease, clock } = await setup([newAccount('a')]);
    expect(await pool.status()).toMatchObject({ hasToken: false });
    await lease();
    clock.advance(3_600_000);
    expect(await pool.status()).toMatchObject({ hasToken: true, tokenExpired: true });
  });

  it('are ready again once the Kiro IDE has signed in again', async () => {
    const source = { type: 'kiro-file', path: '/x' } as const;
    const { lease, tokens, clock, setFile } = await setup([newAccount('named', { source })]);
    tokens.trouble = error('credential_rejected');
    await failure(lease());
    tokens.trouble = undefined;
    expect((await failure(lease())).code).toBe('no_account');
    setFile({ credential: { ...newAccount('x').credential }, accessToken: undefined });
    clock.advance(5_000);
    expect((await lease()).accessToken).toBe('x-access-1');
  });
});
