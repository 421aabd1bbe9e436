import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awsCredential } from '../../test/support/fake-accounts.ts';
import { openStore, type Store } from '../storage/open.ts';
import { systemClock } from '../transport/clock.ts';
import { consumedAfter } from './consumed-tokens.ts';
import { environmentAccounts, type NamedCredentials, prepareNamedAccounts } from './environment.ts';
import { NEW_ACCOUNT } from './health.ts';
import type { CredentialFile, Secrets } from './ports.ts';

const NOTHING: NamedCredentials = {
  refreshToken: undefined,
  clientId: undefined,
  clientSecret: undefined,
  profileArn: undefined,
  region: 'us-east-1',
  kiroApiKey: undefined,
  kiroTokenFile: undefined,
};
const BUILDER_ID = { ...NOTHING, refreshToken: 'aor', clientId: 'id', clientSecret: 'secret' };

let store: Store;
let inFile: Secrets | undefined;
beforeEach(async () => {
  inFile = undefined;
  store = await openStore({ url: 'sqlite::memory:', home: '/nowhere', secretKey: undefined, clock: systemClock });
});
afterEach(() => store.close());

const openFile = (): CredentialFile => ({
  read: async () => inFile,
  async write(credential, accessToken, mayReplace) {
    if (!inFile || !mayReplace(inFile.credential)) return 'theirs-is-newer';
    inFile = { credential, accessToken };
    return 'written';
  },
});
const prepare = (named: NamedCredentials) => prepareNamedAccounts(named, store.accounts, openFile, 5);
async function only() {
  const [account, ...others] = await store.accounts.list();
  return account && others.length === 0 ? account : expect.fail(`${others.length + 1} accounts`);
}

describe('an account from the environment', () => {
  it.each([
    ['a Builder ID', BUILDER_ID, 'builder-id'],
    ['an organisation account', { ...BUILDER_ID, profileArn: 'arn' }, 'idc'],
    ['a social account', { ...NOTHING, refreshToken: 'aor' }, 'social'],
    ['an API key', { ...NOTHING, kiroApiKey: 'ksk_1' }, 'api-key'],
  ])('is %s, depending on the variables', (_name, named, kind) => {
    expect(environmentAccounts(named).map(({ credential }) => credential.kind)).toEqual([kind]);
  });

  it.each([
    ['a client id alone', { ...NOTHING, refreshToken: 'aor', clientId: 'id' }],
    ['a client secret alone', { ...NOTHING, refreshToken: 'aor', clientSecret: 's' }],
    ['a client without a refresh token', { ...NOTHING, clientId: 'id', clientSecret: 's' }],
  ])('stops the start with %s', async (_name, named) => {
    await expect(prepare(named)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('is absent when nothing is set', async () => {
    expect(await prepare(NOTHING)).toEqual(new Set());
    expect(await store.accounts.list()).toEqual([]);
  });

  it('uses the rotated refresh token after a restart', async () => {
    const ids = await prepare(BUILDER_ID);
    const first = await only();
    expect(ids).toEqual(new Set([first.id]));
    expect(first.id).not.toContain('aor');
    const rotated = { ...first.credential, refreshToken: 'aor-2' };
    await store.accounts.saveSecrets(first, { credential: rotated, accessToken: { value: 'x', expiresAtMs: 9 } }, 6);
    expect(await prepare(BUILDER_ID)).toEqual(ids);
    expect(await only()).toMatchObject({
      credential: { refreshToken: 'aor-2' },
      accessToken: { value: 'x' },
      version: 2,
    });
  });

  it('adopts other changes of the environment', async () => {
    await prepare(BUILDER_ID);
    await prepare({ ...BUILDER_ID, profileArn: 'arn', region: 'eu-central-1' });
    expect((await only()).credential).toMatchObject({ kind: 'idc', profileArn: 'arn', region: 'eu-central-1' });
  });

  it('does not restore a refresh token that a running gateway is replacing', async () => {
    await prepare(BUILDER_ID);
    const first = await only();
    const refreshing = Promise.withResolvers<void>();
    const hasLock = Promise.withResolvers<void>();
    const refresh = store.accounts.exclusively(first.id, async () => {
      hasLock.resolve();
      await refreshing.promise;
      const credential = { ...first.credential, refreshToken: 'aor-2' };
      await store.accounts.saveSecrets(first, { credential, accessToken: { value: 'x', expiresAtMs: 9 } }, 6);
    });
    await hasLock.promise;
    const find = store.accounts.find.bind(store.accounts);
    const hasRead = Promise.withResolvers<void>();
    store.accounts.find = async (id) => {
      const found = await find(id);
      hasRead.resolve();
      return found;
    };
    const started = prepare({ ...BUILDER_ID, region: 'eu-central-1' });
    await hasRead.promise;
    refreshing.resolve();
    await Promise.all([refresh, started]);
    expect(await only()).toMatchObject({
      credential: { refreshToken: 'aor-2', region: 'eu-central-1' },
      accessToken: { value: 'x' },
    });
  });

  it('uses the token from the environment again when the rotated one has been rejected', async () => {
    await prepare(BUILDER_ID);
    const first = await only();
    const credential = { ...first.credential, refreshToken: 'dead' };
    await store.accounts.saveSecrets(first, { credential, accessToken: undefined }, 6);
    await store.accounts.changeHealth(first.id, (health) => ({ ...health, state: { status: 'signed-out' } }), 6);
    await prepare(BUILDER_ID);
    expect(await only()).toMatchObject({ credential: { refreshToken: 'aor' }, health: NEW_ACCOUNT });
  });
});

describe('an account from the Kiro IDE’s file', () => {
  const named = { ...NOTHING, kiroTokenFile: '/home/x/kiro-auth-token.json' };

  it('exists if the file exists', async () => {
    expect(await prepare(named)).toEqual(new Set());
    inFile = { credential: awsCredential('one'), accessToken: undefined };
    const ids = await prepare(named);
    expect(await only()).toMatchObject({ source: { type: 'kiro-file', path: named.kiroTokenFile }, label: 'Kiro IDE' });
    expect(ids).toEqual(new Set([(await only()).id]));
  });

  it('keeps its health while the credential is the same, and is ready again with a new one', async () => {
    inFile = { credential: awsCredential('one'), accessToken: undefined };
    await prepare(named);
    await store.accounts.changeHealth(
      (await only()).id,
      (health) => ({ ...health, state: { status: 'signed-out' } }),
      6,
    );
    await prepare(named);
    expect((await only()).health.state.status).toBe('signed-out');
    inFile = { credential: awsCredential('two'), accessToken: undefined };
    await prepare(named);
    expect(await only()).toMatchObject({ credential: { refreshToken: 'two' }, health: NEW_ACCOUNT });
  });

  it('stays disabled, imported and under its profile after the IDE has renewed its sign-in', async () => {
    const credential = { ...awsCredential('one'), profileArn: 'found' };
    inFile = { credential: awsCredential('one'), accessToken: undefined };
    const [id = ''] = await prepare(named);
    const state = { status: 'disabled', by: 'operator' } as const;
    const source = { type: 'kiro-file', path: named.kiroTokenFile, imported: true } as const;
    const health = { ...NEW_ACCOUNT, state };
    await store.accounts.put({ id, label: 'Mine', source, credential, accessToken: undefined, health }, 6);
    inFile = { credential: awsCredential('two'), accessToken: undefined };
    await prepare(named);
    expect(await only()).toMatchObject({
      label: 'Mine',
      source,
      health: { state },
      credential: { refreshToken: 'two', profileArn: 'found' },
    });
  });

  it('is not reset to a token that a running gateway is replacing', async () => {
    inFile = { credential: awsCredential('one'), accessToken: undefined };
    await prepare(named);
    const first = await only();
    inFile = { credential: awsCredential('two'), accessToken: undefined };
    const next = { credential: awsCredential('three'), accessToken: { value: 'x', expiresAtMs: 9 } };
    const refreshing = Promise.withResolvers<void>();
    const refresh = store.accounts.exclusively(first.id, async () => {
      await refreshing.promise;
      inFile = next;
      await store.accounts.saveSecrets(first, next, 6);
    });
    const find = store.accounts.find.bind(store.accounts);
    const hasRead = Promise.withResolvers<void>();
    store.accounts.find = async (id) => {
      const found = await find(id);
      hasRead.resolve();
      return found;
    };
    const started = prepare(named);
    await hasRead.promise;
    refreshing.resolve();
    await Promise.all([refresh, started]);
    expect(await only()).toMatchObject({ credential: { refreshToken: 'three' }, accessToken: { value: 'x' } });
  });

  it('is not reset by a file to which a killed process could not write its new token', async () => {
    inFile = { credential: awsCredential('one'), accessToken: undefined };
    await prepare(named);
    const first = await only();
    const next = { credential: awsCredential('two'), accessToken: { value: 'x', expiresAtMs: 9 } };
    const consumedTokens = consumedAfter(first, first.credential, next.credential);
    await store.accounts.saveSecrets(first, { ...next, consumedTokens }, 6);
    await prepare(named);
    expect(await only()).toMatchObject({ credential: { refreshToken: 'two' }, accessToken: { value: 'x' } });
    expect(inFile).toEqual(next);
  });
});
