import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsCredential, createFakeTokens, newAccount } from '../../test/support/fake-accounts.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import { openStore, type Store } from '../storage/open.ts';
import { systemClock } from '../transport/clock.ts';
import type { Credential } from './credentials.ts';
import type { Account, CredentialFile, NewAccount, Secrets, WriteOutcome } from './ports.ts';
import { REFRESH_EARLY_MS, Refresher } from './refresh.ts';

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
  const create = () => new Refresher({ store: store.accounts, tokens, clock, log: SILENT, openFile: () => file });
  const put = await store.accounts.put(account, clock.now());
  const stored = async (): Promise<Account> => (await store.accounts.find('a')) ?? expect.fail('gone');
  const storedRefreshToken = async () => {
    const { credential } = await stored();
    return 'refreshToken' in credential ? credential.refreshToken : undefined;
  };
  return { clock, tokens, file, refresher: create(), create, account: put, stored, storedRefreshToken };
}

function withToken(value: string, expiresInMs: number, clockNow: number): Partial<NewAccount> {
  return { accessToken: { value, expiresAtMs: clockNow + expiresInMs } };
}

const NOW = createFakeClock().now();
const down = new GatewayError('upstream_broken', 'down');

describe('an access token', () => {
  it('is made when there is none, and what came is stored', async () => {
    const { refresher, account, stored, storedRefreshToken } = await setup();
    const fresh = await refresher.fresh(account, undefined);
    expect(fresh.accessToken).toEqual({ value: 'a-access-1', expiresAtMs: NOW + HOUR_MS });
    expect((await stored()).accessToken).toEqual(fresh.accessToken);
    expect(await storedRefreshToken()).toBe('a-refresh-1');
  });

  it('is used while it is good', async () => {
    const { refresher, account, tokens } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('old');
    expect(tokens.presented).toEqual([]);
  });

  it('is made anew five minutes before it runs out', async () => {
    const { refresher, account, clock } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    clock.advance(HOUR_MS - REFRESH_EARLY_MS - 1);
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('old');
    clock.advance(1);
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('a-access-1');
  });

  it('is made anew when the upstream refused it, whatever its date', async () => {
    const { refresher, account } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    expect((await refresher.fresh(account, 'old')).accessToken.value).toBe('a-access-1');
  });

  it('is made once for fifty who need it at the same time', async () => {
    const { refresher, account, tokens } = await setup();
    const all = await Promise.all(Array.from({ length: 50 }, () => refresher.fresh(account, undefined)));
    expect(new Set(all.map(({ accessToken }) => accessToken.value))).toEqual(new Set(['a-access-1']));
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('goes on being the old refresh token’s when none came back', async () => {
    const { refresher, account, tokens, storedRefreshToken } = await setup();
    tokens.refresh = async () => ({ accessToken: 'x', expiresInS: 60, refreshToken: undefined, profileArn: 'arn' });
    const fresh = await refresher.fresh(account, undefined);
    expect(fresh.credential).toMatchObject({ profileArn: 'arn' });
    expect(await storedRefreshToken()).toBe('a-refresh-0');
  });
});

describe('several processes', () => {
  it('spend one refresh token, and all use what it made', async () => {
    const { create, account, tokens } = await setup();
    const all = await Promise.all(Array.from({ length: 8 }, () => create().fresh(account, undefined)));
    expect(new Set(all.map(({ accessToken }) => accessToken.value))).toEqual(new Set(['a-access-1']));
    expect(new Set(tokens.presented)).toEqual(new Set(['a-refresh-0']));
  });

  it('whoever loses the row reads again and uses the winner’s', async () => {
    const { refresher, account, tokens, stored, clock } = await setup();
    const theirs = { value: 'theirs', expiresAtMs: NOW + HOUR_MS };
    tokens.afterMaking = async () => {
      const won = { credential: awsCredential('theirs-refresh-0'), accessToken: theirs };
      await store.accounts.saveSecrets(await stored(), won, clock.now());
    };
    expect((await refresher.fresh(account, undefined)).accessToken).toEqual(theirs);
    expect((await stored()).accessToken).toEqual(theirs);
  });

  it('whoever finds the refresh token spent waits for the winner to store its successor', async () => {
    const { refresher, account, tokens, clock, stored } = await setup();
    tokens.presented.push('a-refresh-0');
    const { sleep } = clock;
    clock.sleep = async (ms, signal) => {
      await sleep(ms, signal);
      const won = { credential: awsCredential('a-refresh-1'), accessToken: { value: 'w', expiresAtMs: NOW + HOUR_MS } };
      await store.accounts.saveSecrets(await stored(), won, clock.now());
    };
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('w');
  });

  it('wait for the one which is making a token, and make none of their own', async () => {
    const { create, account, tokens } = await setup();
    const gate = Promise.withResolvers<void>();
    tokens.afterMaking = () => gate.promise;
    const first = create().fresh(account, undefined);
    await vi.waitFor(() => expect(tokens.presented).toEqual(['a-refresh-0']), { timeout: 10_000 });
    const second = create().fresh(account, undefined);
    gate.resolve();
    expect((await second).accessToken).toEqual((await first).accessToken);
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('a process killed between storing and using leaves everything working', async () => {
    const { create, account, tokens } = await setup();
    await create().fresh(account, undefined);
    const fresh = await create().fresh(account, undefined);
    expect(fresh.accessToken.value).toBe('a-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('nobody sees a new token before the store has it', async () => {
    const { refresher, account, stored } = await setup();
    const save = store.accounts.saveSecrets;
    const order: string[] = [];
    store.accounts.saveSecrets = async (...args) => {
      const saved = await save(...args);
      order.push(`stored ${(await stored()).accessToken?.value}`);
      return saved;
    };
    order.push(`used ${(await refresher.fresh(account, undefined)).accessToken.value}`);
    expect(order).toEqual(['stored a-access-1', 'used a-access-1']);
  });
});

describe('trouble', () => {
  it('at the token endpoint is no trouble while the present token serves, and is not sought again at once', async () => {
    const { refresher, account, tokens, clock } = await setup(newAccount('a', withToken('old', 60_000, NOW)));
    tokens.trouble = down;
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('old');
    tokens.trouble = undefined;
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('old');
    clock.advance(30_000);
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('a-access-1');
  });

  it.each([
    ['has run out', -1, undefined],
    ['was refused', HOUR_MS, 'old'],
  ])('at the token endpoint is told when the present token %s', async (_name, expiresInMs, refused) => {
    const { refresher, account, tokens } = await setup(newAccount('a', withToken('old', expiresInMs, NOW)));
    tokens.trouble = down;
    await expect(refresher.fresh(account, refused)).rejects.toBe(down);
    tokens.trouble = undefined;
    expect((await refresher.fresh(account, refused)).accessToken.value).toBe('a-access-1');
  });

  it('at a token endpoint that is slow holds up a token that still serves for five seconds at most', async () => {
    const { refresher, account, tokens, clock } = await setup(newAccount('a', withToken('old', 60_000, NOW)));
    const gate = Promise.withResolvers<void>();
    tokens.afterMaking = () => gate.promise;
    const served = refresher.fresh(account, undefined);
    clock.advance(5_000);
    expect((await served).accessToken.value).toBe('old');
    const next = refresher.fresh(account, 'old');
    gate.resolve();
    expect((await next).accessToken.value).toBe('a-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('at a token endpoint which asks for patience is not made worse', async () => {
    const { refresher, account, tokens, clock } = await setup();
    tokens.trouble = new GatewayError('upstream_throttled', 'slow down', { retryAfterMs: 20_000 });
    await expect(refresher.fresh(account, undefined)).rejects.toBe(tokens.trouble);
    const told = tokens.trouble;
    tokens.trouble = undefined;
    clock.advance(19_999);
    await expect(refresher.fresh(account, undefined)).rejects.toBe(told);
    clock.advance(1);
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('a-access-1');
  });

  it('with the credential is told even while the present token serves', async () => {
    const { refresher, account } = await setup(
      newAccount('a', { ...withToken('old', 60_000, NOW), credential: awsCredential('nonsense') }),
    );
    await expect(refresher.fresh(account, undefined)).rejects.toMatchObject({ code: 'credential_rejected' });
  });

  it('with the store keeps the rotated token in memory until it can be stored', async () => {
    const { refresher, account, tokens, storedRefreshToken } = await setup();
    const save = store.accounts.saveSecrets;
    store.accounts.saveSecrets = async () => {
      throw new GatewayError('storage_unavailable', 'full');
    };
    await expect(refresher.fresh(account, undefined)).rejects.toMatchObject({ code: 'storage_unavailable' });
    store.accounts.saveSecrets = save;
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('a-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0']);
    expect(await storedRefreshToken()).toBe('a-refresh-1');
  });

  it('with the store keeps the account from everybody else, who would present the spent token', async () => {
    const { refresher, create, account, tokens } = await setup();
    const save = store.accounts.saveSecrets;
    store.accounts.saveSecrets = async () => {
      throw new GatewayError('storage_unavailable', 'full');
    };
    await expect(refresher.fresh(account, undefined)).rejects.toMatchObject({ code: 'storage_unavailable' });
    const others = create().fresh(account, undefined);
    store.accounts.saveSecrets = save;
    expect((await others).accessToken.value).toBe('a-access-1');
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('with the store does not let an unsaved token overwrite a new sign-in', async () => {
    const { refresher, account } = await setup();
    const save = store.accounts.saveSecrets;
    store.accounts.saveSecrets = async () => {
      throw new GatewayError('storage_unavailable', 'full');
    };
    await refresher.fresh(account, undefined).catch(() => {});
    store.accounts.saveSecrets = save;
    await store.accounts.put(newAccount('a', withToken('signed in', HOUR_MS, NOW)), NOW);
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('signed in');
  });

  it('with an account that was removed meanwhile is told, and spends nothing', async () => {
    const { refresher, account, tokens } = await setup();
    await store.accounts.remove('a');
    await expect(refresher.fresh(account, undefined)).rejects.toMatchObject({ code: 'no_account' });
    expect(tokens.presented).toEqual([]);
  });
});

describe('an account linked to the Kiro IDE’s file', () => {
  const linked = newAccount('a', { source: { type: 'kiro-file', path: '/x' } });

  it('uses the token which the IDE has made by itself', async () => {
    const { refresher, account, file, tokens, storedRefreshToken } = await setup(linked);
    file.secrets = {
      credential: awsCredential('b-refresh-7'),
      accessToken: { value: 'ide', expiresAtMs: NOW + HOUR_MS },
    };
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('ide');
    expect(await storedRefreshToken()).toBe('b-refresh-7');
    expect(tokens.presented).toEqual([]);
  });

  it('refreshes with the file’s refresh token and writes the new pair back', async () => {
    const { refresher, account, file, tokens } = await setup(linked);
    file.secrets = { credential: awsCredential('b-refresh-7'), accessToken: undefined };
    await refresher.fresh(account, undefined);
    expect(tokens.presented).toEqual(['b-refresh-7']);
    expect(file.written).toMatchObject([
      { credential: { refreshToken: 'b-refresh-8' }, accessToken: { value: 'b-access-8' } },
    ]);
  });

  it('reads the file once more when the refresh token proves dead', async () => {
    const { refresher, account, file, tokens } = await setup(linked);
    file.secrets = { credential: awsCredential('b-refresh-7'), accessToken: undefined };
    tokens.presented.push('b-refresh-7');
    const { refresh } = tokens;
    tokens.refresh = (credential) => {
      file.secrets = { credential: awsCredential('b-refresh-8'), accessToken: undefined };
      return refresh(credential);
    };
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('b-access-9');
  });

  it('works on when the file cannot be written, and never takes the spent token in it for something new', async () => {
    const { refresher, account, file, storedRefreshToken, tokens } = await setup(linked);
    file.secrets = { credential: awsCredential('a-refresh-0'), accessToken: undefined };
    file.broken = true;
    const fresh = await refresher.fresh(account, undefined);
    expect(fresh.accessToken.value).toBe('a-access-1');
    expect(await storedRefreshToken()).toBe('a-refresh-1');
    file.broken = false;
    expect((await refresher.fresh(fresh, 'a-access-1')).accessToken.value).toBe('a-access-2');
    expect(tokens.presented).toEqual(['a-refresh-0', 'a-refresh-1']);
    expect(file.secrets).toMatchObject({ credential: { refreshToken: 'a-refresh-2' } });
  });

  it('leaves the file alone when its owner has signed in anew meanwhile, and uses that from then on', async () => {
    const { refresher, account, file, tokens } = await setup(linked);
    const anew = { credential: awsCredential('b-refresh-0'), accessToken: undefined };
    file.secrets = { credential: awsCredential('a-refresh-0'), accessToken: undefined };
    tokens.afterMaking = async () => {
      file.secrets = anew;
      tokens.afterMaking = async () => {};
    };
    const fresh = await refresher.fresh(account, undefined);
    expect(file.secrets).toBe(anew);
    expect((await refresher.fresh(fresh, fresh.accessToken.value)).accessToken.value).toBe('b-access-1');
  });

  it('lives again by a new token in the file, not by one which was spent', async () => {
    const { refresher, account, file, stored } = await setup(linked);
    file.secrets = { credential: awsCredential('a-refresh-0'), accessToken: undefined };
    file.broken = true;
    await refresher.fresh(account, undefined);
    expect(await refresher.reread(await stored())).toBeUndefined();
    file.secrets = { credential: awsCredential('b-refresh-0'), accessToken: undefined };
    expect(await refresher.reread(await stored())).toMatchObject({ credential: { refreshToken: 'b-refresh-0' } });
  });

  it('works on when the file is gone', async () => {
    const { refresher, account } = await setup(linked);
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('a-access-1');
  });
});

describe('in the background', () => {
  it('the token of an account in use is made anew before a request would have to wait for it', async () => {
    const { refresher, account, tokens, clock } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    await refresher.fresh(account, undefined);
    clock.advance(HOUR_MS - REFRESH_EARLY_MS - 121_000);
    await refresher.refreshDue();
    expect(tokens.presented).toEqual([]);
    clock.advance(100_000);
    await refresher.refreshDue();
    expect(tokens.presented).toEqual(['a-refresh-0']);
    tokens.trouble = down;
    // The caller's own copy is still the old one.
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('a-access-1');
  });

  it('accounts and replicas come at moments of their own', async () => {
    const { tokens, account, clock } = await setup(newAccount('a', withToken('old', HOUR_MS, NOW)));
    const create = (random: number) => {
      const own = { ...clock, random: () => random };
      const openFile = () => new FakeFile();
      return new Refresher({ store: store.accounts, tokens, clock: own, log: SILENT, openFile });
    };
    const [early, late] = [create(0.99), create(0)];
    for (const one of [early, late]) await one.fresh(account, undefined);
    clock.advance(HOUR_MS - REFRESH_EARLY_MS - 60_000);
    await late.refreshDue();
    expect(tokens.presented).toEqual([]);
    await early.refreshDue();
    expect(tokens.presented).toEqual(['a-refresh-0']);
    clock.advance(60_000);
    await late.refreshDue();
    expect(tokens.presented).toEqual(['a-refresh-0']);
  });

  it('what was made for an account which was removed is not given to one of the same id', async () => {
    const { refresher, account, clock } = await setup();
    await refresher.fresh(account, undefined);
    await store.accounts.remove('a');
    clock.advance(1);
    const again = await store.accounts.put(newAccount('a', withToken('again', HOUR_MS, clock.now())), clock.now());
    expect((await refresher.fresh(again, undefined)).accessToken.value).toBe('again');
  });

  it('an account which nobody has used for an hour is left alone', async () => {
    const { refresher, account, tokens, clock } = await setup(newAccount('a', withToken('old', 2 * HOUR_MS, NOW)));
    await refresher.fresh(account, undefined);
    clock.advance(2 * HOUR_MS - 1_000);
    await refresher.refreshDue();
    expect(tokens.presented).toEqual([]);
  });

  it('a credential which proves dead is presented once', async () => {
    const { refresher, account, tokens, clock } = await setup(
      newAccount('a', { ...withToken('old', HOUR_MS, NOW), credential: awsCredential('nonsense') }),
    );
    await refresher.fresh(account, undefined);
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
    const { refresher, account } = await setup(newAccount('a', { credential }));
    expect((await refresher.fresh(account, undefined)).accessToken.value).toBe('ksk_1');
    await expect(refresher.fresh(account, 'ksk_1')).rejects.toMatchObject({ code: 'credential_rejected' });
  });
});
