import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsCredential, createFakeTokens, newAccount } from '../../test/support/fake-accounts.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import { openStore, type Store } from '../storage/open.ts';
import { systemClock } from '../transport/clock.ts';
import { AccountRegistry } from './account-registry.ts';
import type { Credential } from './credentials.ts';
import type { Account, CredentialFile, NewAccount, Secrets, WriteOutcome } from './ports.ts';
import { REFRESH_EARLY_MS, Refresher, type RefresherOptions } from './refresh.ts';
import { TokenRefresh } from './token-refresh.ts';

const HOUR_MS = 3_600_000;
let store: Store;

beforeEach(async () => {
  store = await openStore({ url: 'sqlite::memory:', home: '/nowhere', secretKey: undefined, clock: systemClock });
});
afterEach(() => store.close());

class FakeFile implements CredentialFile {
  secrets: Secrets | undefined;
  readonly written: Secrets[] = [];
  broken = false;
  async read() {
    return this.secrets;
  }
  async write(
    credential: Credential,
    accessToken: Secrets['accessToken'],
    mayReplace: (present: Credential) => boolean,
  ): Promise<WriteOutcome> {
    if (this.broken) throw Object.assign(new Error('no'), { code: 'EACCES' });
    if (!this.secrets) return 'gone';
    if (!mayReplace(this.secrets.credential)) return 'theirs-is-newer';
    this.secrets = { credential, accessToken };
    this.written.push(this.secrets);
    return 'written';
  }
}

async function setup(account: NewAccount = newAccount('a')) {
  const clock = createFakeClock();
  const tokens = createFakeTokens();
  const file = new FakeFile();
  const put = await store.accounts.put(account, clock.now());
  /** Another process with the same store, which read the account when the test began. */
  const create = (own: Partial<Pick<RefresherOptions, 'clock' | 'openFile'>> = {}) => {
    const common = { store: store.accounts, clock, log: SILENT, openFile: () => file, ...own };
    const registry = new AccountRegistry({ ...common, maxErrorCount: 3, named: new Set() });
    const entry = registry.put(put);
    const refresher = new Refresher({ ...common, registry, tokenRefresher: new TokenRefresh({ ...common, tokens }) });
    return { registry, entry, refresher, freshAccount: (refused?: string) => refresher.fresh(entry, refused) };
  };
  const stored = async (): Promise<Account> => (await store.accounts.find('a')) ?? expect.fail('gone');
  const storedRefreshToken = async () => {
    const { credential } = await stored();
    return 'refreshToken' in credential ? credential.refreshToken : undefined;
  };
  return { clock, tokens, file, ...create(), create, stored, storedRefreshToken };
}

function withToken(value: string, expiresInMs: number, clockNow: number): Partial<NewAccount> {
  return { accessToken: { value, expiresAtMs: clockNow + expiresInMs } };
}

const NOW = createFakeClock().now();
const down = new GatewayError('upstream_broken', 'down');

describe('an access token', () => {
  it('is obtained if there is none, and stored', async () => {
    const { freshAccount, stored, storedRefreshToken } = await setup();
    const fresh = await freshAccount();
    expect(fresh.accessToken).toEqual({ value: 'a-access-1', expiresAtMs: NOW + HOUR_MS });
    expect((await stored()).accessToken).toEqual(fresh.accessToken);
    expect(await storedRefreshToken()).toBe('a-refresh-1');
  });

  it('is used while it is valid', async () => {
    const { freshAccount, tokens } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    expect((await freshAccount()).accessToken.value).toBe('old');
    expect(tokens.presented).toEqual([]);
  });

  it('is refreshed five minutes before it expires', async () => {
    const { freshAccount, clock } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    clock.advance(HOUR_MS - REFRESH_EARLY_MS - 1);
    expect((await freshAccount()).accessToken.value).toBe('old');
    clock.advance(1);
    expect((await freshAccount()).accessToken.value).toBe('a-access-1');
  });

  it('is refreshed when the upstream has rejected it, whatever its expiry', async () => {
    const { freshAccount } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    expect((await freshAccount('old')).accessToken.value).toBe('a-access-1');
  });

  it('is obtained once for fifty concurrent requests', async () => {
    const { freshAccount, tokens } = await setup();
    const all = await Promise.all(Array.from({ length: 50 }, () => freshAccount()));
    expect(new Set(all.map(({ accessToken }) => accessToken.value))).toEqual(new Set(['a-access-1']));
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('keeps the old refresh token if the endpoint returns none', async () => {
    const { freshAccount, tokens, storedRefreshToken } = await setup();
    tokens.refresh = async () => ({ accessToken: 'x', expiresInS: 60, refreshToken: undefined, profileArn: 'arn' });
    const fresh = await freshAccount();
    expect(fresh.credential).toMatchObject({ profileArn: 'arn' });
    expect(await storedRefreshToken()).toBe('a-refresh-0');
  });
});

describe('several processes', () => {
  it('consume one refresh token, and all use the new access token', async () => {
    const { create, tokens } = await setup();
    const all = await Promise.all(Array.from({ length: 8 }, () => create().freshAccount()));
    expect(new Set(all.map(({ accessToken }) => accessToken.value))).toEqual(new Set(['a-access-1']));
    expect(new Set(tokens.presented)).toEqual(new Set(['a-refresh-0']));
  });

  it('use the tokens of the one that was faster', async () => {
    const { freshAccount, tokens, stored, clock } = await setup();
    const theirs = { value: 'theirs', expiresAtMs: NOW + HOUR_MS };
    tokens.afterRefresh = async () => {
      const won = { credential: awsCredential('theirs-refresh-0'), accessToken: theirs };
      await store.accounts.saveSecrets(await stored(), won, clock.now());
    };
    expect((await freshAccount()).accessToken).toEqual(theirs);
    expect((await stored()).accessToken).toEqual(theirs);
  });

  it('wait for the successor of a refresh token that another has consumed', async () => {
    const { freshAccount, tokens, clock, stored } = await setup();
    tokens.presented.push('a-refresh-0');
    const { sleep } = clock;
    clock.sleep = async (ms, signal) => {
      await sleep(ms, signal);
      const won = { credential: awsCredential('a-refresh-1'), accessToken: { value: 'w', expiresAtMs: NOW + HOUR_MS } };
      await store.accounts.saveSecrets(await stored(), won, clock.now());
    };
    expect((await freshAccount()).accessToken.value).toBe('w');
  });

  it('wait for the one that is refreshing, and refresh nothing themselves', async () => {
    const { create, tokens } = await setup();
    const gate = Promise.withResolvers<void>();
    tokens.afterRefresh = () => gate.promise;
    const first = create().freshAccount();
    await vi.waitFor(() => expect(tokens.presented).toEqual(['a-refresh-0']), { timeout: 10_000 });
    const second = create().freshAccount();
    gate.resolve();
    expect((await second).accessToken).toEqual((await first).accessToken);
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('keep working after one is killed between storing and using a token', async () => {
    const { create, tokens } = await setup();
    await create().freshAccount();
    const fresh = await create().freshAccount();
    expect(fresh.accessToken.value).toBe('a-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('never use a new token before it is stored', async () => {
    const { freshAccount, stored } = await setup();
    const save = store.accounts.saveSecrets.bind(store.accounts);
    const order: string[] = [];
    store.accounts.saveSecrets = async (...args) => {
      const saved = await save(...args);
      order.push(`stored ${(await stored()).accessToken?.value}`);
      return saved;
    };
    order.push(`used ${(await freshAccount()).accessToken.value}`);
    expect(order).toEqual(['stored a-access-1', 'used a-access-1']);
  });
});

describe('a failure', () => {
  it('at the token endpoint is harmless while the present token is valid, and there is no retry at once', async () => {
    const { freshAccount, tokens, clock } = await setup(newAccount('a', withToken('old', 60_000, NOW)));
    tokens.trouble = down;
    expect((await freshAccount()).accessToken.value).toBe('old');
    tokens.trouble = undefined;
    expect((await freshAccount()).accessToken.value).toBe('old');
    clock.advance(30_000);
    expect((await freshAccount()).accessToken.value).toBe('a-access-1');
  });

  it.each([
    ['has run out', -1, undefined],
    ['was refused', HOUR_MS, 'old'],
  ])('at the token endpoint is reported if the present token %s', async (_name, expiresInMs, refused) => {
    const { freshAccount, tokens } = await setup(newAccount('a', withToken('old', expiresInMs, NOW)));
    tokens.trouble = down;
    await expect(freshAccount(refused)).rejects.toBe(down);
    tokens.trouble = undefined;
    expect((await freshAccount(refused)).accessToken.value).toBe('a-access-1');
  });

  it('to answer in time delays a request with a valid token by five seconds at most', async () => {
    const { freshAccount, tokens, clock } = await setup(newAccount('a', withToken('old', 60_000, NOW)));
    const gate = Promise.withResolvers<void>();
    tokens.afterRefresh = () => gate.promise;
    const served = freshAccount();
    clock.advance(5_000);
    expect((await served).accessToken.value).toBe('old');
    const next = freshAccount('old');
    gate.resolve();
    expect((await next).accessToken.value).toBe('a-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('by throttling at the token endpoint is not made worse by retries', async () => {
    const { freshAccount, tokens, clock } = await setup();
    tokens.trouble = new GatewayError('upstream_throttled', 'slow down', { retryAfterMs: 20_000 });
    await expect(freshAccount()).rejects.toBe(tokens.trouble);
    const failure = tokens.trouble;
    tokens.trouble = undefined;
    clock.advance(19_999);
    await expect(freshAccount()).rejects.toBe(failure);
    clock.advance(1);
    expect((await freshAccount()).accessToken.value).toBe('a-access-1');
  });

  it('of the credential is reported even while the present token is valid', async () => {
    const { freshAccount } = await setup(
      newAccount('a', { ...withToken('old', 60_000, NOW), credential: awsCredential('nonsense') }),
    );
    await expect(freshAccount()).rejects.toMatchObject({ code: 'credential_rejected' });
  });

  it('of the store keeps the rotated token in memory until it can be stored', async () => {
    const { freshAccount, tokens, storedRefreshToken } = await setup();
    const save = store.accounts.saveSecrets.bind(store.accounts);
    store.accounts.saveSecrets = async () => {
      throw new GatewayError('storage_unavailable', 'full');
    };
    await expect(freshAccount()).rejects.toMatchObject({ code: 'storage_unavailable' });
    store.accounts.saveSecrets = save;
    expect((await freshAccount()).accessToken.value).toBe('a-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0']);
    expect(await storedRefreshToken()).toBe('a-refresh-1');
  });

  it('of the store keeps the account locked, so that no process presents the consumed token', async () => {
    const { freshAccount, create, tokens } = await setup();
    const save = store.accounts.saveSecrets.bind(store.accounts);
    store.accounts.saveSecrets = async () => {
      throw new GatewayError('storage_unavailable', 'full');
    };
    await expect(freshAccount()).rejects.toMatchObject({ code: 'storage_unavailable' });
    const others = create().freshAccount();
    store.accounts.saveSecrets = save;
    expect((await others).accessToken.value).toBe('a-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('of the store does not let an unsaved token overwrite a new sign-in', async () => {
    const { freshAccount } = await setup();
    const save = store.accounts.saveSecrets.bind(store.accounts);
    store.accounts.saveSecrets = async () => {
      throw new GatewayError('storage_unavailable', 'full');
    };
    await freshAccount().catch(() => {});
    store.accounts.saveSecrets = save;
    await store.accounts.put(newAccount('a', withToken('signed in', HOUR_MS, NOW)), NOW);
    expect((await freshAccount()).accessToken.value).toBe('signed in');
  });

  it('due to a removed account is reported, and consumes no token', async () => {
    const { freshAccount, tokens } = await setup();
    await store.accounts.remove('a');
    await expect(freshAccount()).rejects.toMatchObject({ code: 'no_account' });
    expect(tokens.presented).toEqual([]);
  });
});

describe('an account linked to the Kiro IDE’s file', () => {
  const linked = newAccount('a', { source: { type: 'kiro-file', path: '/x' } });

  it('uses a token that the IDE has refreshed', async () => {
    const { freshAccount, file, tokens, storedRefreshToken } = await setup(linked);
    file.secrets = {
      credential: awsCredential('b-refresh-7'),
      accessToken: { value: 'ide', expiresAtMs: NOW + HOUR_MS },
    };
    expect((await freshAccount()).accessToken.value).toBe('ide');
    expect(await storedRefreshToken()).toBe('b-refresh-7');
    expect(tokens.presented).toEqual([]);
  });

  it('refreshes with the file’s refresh token and writes the new pair back', async () => {
    const { freshAccount, file, tokens } = await setup(linked);
    file.secrets = { credential: awsCredential('b-refresh-7'), accessToken: undefined };
    await freshAccount();
    expect(tokens.presented).toEqual(['b-refresh-7']);
    expect(file.written).toMatchObject([
      { credential: { refreshToken: 'b-refresh-8' }, accessToken: { value: 'b-access-8' } },
    ]);
  });

  it('reads the file once more when the refresh token is rejected', async () => {
    const { freshAccount, file, tokens } = await setup(linked);
    file.secrets = { credential: awsCredential('b-refresh-7'), accessToken: undefined };
    tokens.presented.push('b-refresh-7');
    const { refresh } = tokens;
    tokens.refresh = (credential) => {
      file.secrets = { credential: awsCredential('b-refresh-8'), accessToken: undefined };
      return refresh(credential);
    };
    expect((await freshAccount()).accessToken.value).toBe('b-access-9');
  });

  it('keeps working when the file cannot be written, and never mistakes the consumed token in it for a new one', async () => {
    const { freshAccount, file, storedRefreshToken, tokens } = await setup(linked);
    file.secrets = { credential: awsCredential('a-refresh-0'), accessToken: undefined };
    file.broken = true;
    const fresh = await freshAccount();
    expect(fresh.accessToken.value).toBe('a-access-1');
    expect(await storedRefreshToken()).toBe('a-refresh-1');
    file.broken = false;
    expect((await freshAccount('a-access-1')).accessToken.value).toBe('a-access-2');
    expect(tokens.presented).toEqual(['a-refresh-0', 'a-refresh-1']);
    expect(file.secrets).toMatchObject({ credential: { refreshToken: 'a-refresh-2' } });
  });

  it('leaves the file alone when its owner has signed in again, and uses that sign-in from then on', async () => {
    const { freshAccount, file, tokens } = await setup(linked);
    const newer = { credential: awsCredential('b-refresh-0'), accessToken: undefined };
    file.secrets = { credential: awsCredential('a-refresh-0'), accessToken: undefined };
    tokens.afterRefresh = async () => {
      file.secrets = newer;
      tokens.afterRefresh = async () => {};
    };
    const fresh = await freshAccount();
    expect(file.secrets).toBe(newer);
    expect((await freshAccount(fresh.accessToken.value)).accessToken.value).toBe('b-access-1');
  });

  it('is revived by a new token in the file, not by a consumed one', async () => {
    const { freshAccount, refresher, registry, entry, clock, file, stored } = await setup(linked);
    file.secrets = { credential: awsCredential('a-refresh-0'), accessToken: undefined };
    file.broken = true;
    await freshAccount();
    registry.change(entry, { type: 'failure', code: 'credential_rejected' });
    clock.advance(5_000);
    expect(await refresher.reviveLinked()).toBe(false);
    expect(entry.health.state.status).toBe('signed-out');
    file.secrets = { credential: awsCredential('b-refresh-0'), accessToken: undefined };
    clock.advance(4_999);
    expect(await refresher.reviveLinked()).toBe(false);
    clock.advance(1);
    expect(await refresher.reviveLinked()).toBe(true);
    expect(entry.health.state.status).toBe('ready');
    for (const account of [entry.account, await stored()])
      expect(account).toMatchObject({ credential: { refreshToken: 'b-refresh-0' } });
  });

  it('keeps working when the file is gone', async () => {
    const { freshAccount } = await setup(linked);
    expect((await freshAccount()).accessToken.value).toBe('a-access-1');
  });
});

describe('background refresh', () => {
  it('refreshes the token of an account in use before a request would have to wait', async () => {
    const { freshAccount, refresher, tokens, clock } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    await freshAccount();
    clock.advance(HOUR_MS - REFRESH_EARLY_MS - 121_000);
    await refresher.refreshDue();
    expect(tokens.presented).toEqual([]);
    clock.advance(100_000);
    await refresher.refreshDue();
    expect(tokens.presented).toEqual(['a-refresh-0']);
    tokens.trouble = down;
    expect((await freshAccount()).accessToken.value).toBe('a-access-1');
  });

  it('refreshes each account and replica at a different time', async () => {
    const { tokens, create, clock } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    const at = (random: number) => create({ clock: { ...clock, random: () => random } });
    const [early, late] = [at(0.99), at(0)];
    for (const { freshAccount } of [early, late]) await freshAccount();
    clock.advance(HOUR_MS - REFRESH_EARLY_MS - 60_000);
    await late.refresher.refreshDue();
    expect(tokens.presented).toEqual([]);
    await early.refresher.refreshDue();
    expect(tokens.presented).toEqual(['a-refresh-0']);
    clock.advance(60_000);
    await late.refresher.refreshDue();
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('never gives the token of a removed account to another of the same id', async () => {
    const { freshAccount, refresher, registry, clock, tokens, stored } = await setup();
    await freshAccount();
    const gate = Promise.withResolvers<void>();
    tokens.afterRefresh = () => gate.promise;
    clock.advance(HOUR_MS - REFRESH_EARLY_MS);
    const refreshing = refresher.refreshDue();
    await vi.waitFor(() => expect(tokens.presented).toEqual(['a-refresh-0', 'a-refresh-1']), 10_000);
    await store.accounts.remove('a');
    const again = await store.accounts.put(newAccount('a', withToken('again', HOUR_MS, clock.now())), clock.now());
    const entry = registry.put(again);
    gate.resolve();
    await refreshing;
    expect((await refresher.fresh(entry)).accessToken.value).toBe('again');
    expect(entry.account.accessToken).toEqual((await stored()).accessToken);
  });

  it('never replaces a token that was read meanwhile with an older one', async () => {
    const { freshAccount, entry, registry, stored } = await setup();
    await freshAccount();
    const older = await stored();
    await freshAccount('a-access-1');
    entry.takeTokens(older);
    expect(entry.account.accessToken?.value).toBe('a-access-2');
    await registry.reload();
    expect(entry.account.accessToken?.value).toBe('a-access-2');
  });

  it('leaves an account alone that was not used for an hour', async () => {
    const { freshAccount, refresher, tokens, clock } = await setup(newAccount('a', withToken('old', 2 * HOUR_MS, NOW)));
    await freshAccount();
    clock.advance(2 * HOUR_MS - 1_000);
    await refresher.refreshDue();
    expect(tokens.presented).toEqual([]);
  });

  it('does not present a credential again that was rejected in a request', async () => {
    const { freshAccount, refresher, entry, tokens, clock } = await setup(
      newAccount('a', { ...withToken('old', 60_000, NOW), credential: awsCredential('nonsense') }),
    );
    await expect(freshAccount()).rejects.toMatchObject({ code: 'credential_rejected' });
    expect(entry.health.state.status).toBe('signed-out');
    clock.advance(60_000);
    await refresher.refreshDue();
    expect(tokens.presented).toEqual(['nonsense']);
  });

  it('presents a rejected credential only once', async () => {
    const { freshAccount, refresher, tokens, clock } = await setup(
      newAccount('a', { ...withToken('old', HOUR_MS, NOW), credential: awsCredential('nonsense') }),
    );
    await freshAccount();
    clock.advance(HOUR_MS - REFRESH_EARLY_MS);
    for (let time = 0; time < 3; time++) {
      await refresher.refreshDue();
      clock.advance(60_000);
    }
    expect(tokens.presented).toEqual(['nonsense']);
  });
});

describe('an API key', () => {
  it('is its own access token', async () => {
    const credential = { kind: 'api-key', apiKey: 'ksk_1', region: 'us-east-1' } as const;
    const { freshAccount } = await setup(newAccount('a', { credential }));
    expect((await freshAccount()).accessToken.value).toBe('ksk_1');
    await expect(freshAccount('ksk_1')).rejects.toMatchObject({ code: 'credential_rejected' });
  });
});
