import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awsCredential, newAccount } from '../../test/support/fake-accounts.ts';
import { openStore, type Store } from '../storage/open.ts';
import { systemClock } from '../transport/clock.ts';
import { checkedConnection, saveConnection } from './connection.ts';
import { profileArnOf } from './credentials.ts';
import { checkedProxy, shownProxy } from './proxy.ts';

const ARN = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/AAAABBBBCCCC';
const PROXY = 'socks5://user:passwordSECRET@proxy.example:1080';
let store: Store;

beforeEach(async () => {
  store = await openStore({ url: 'sqlite::memory:', home: '/nowhere', secretKey: undefined, clock: systemClock });
});
afterEach(() => store.close());

describe("an account's own connection", () => {
  it('is stored with the credential, and stays when the credential is replaced', async () => {
    const before = await store.accounts.put(newAccount('a'), 1);
    const saved = await saveConnection(store.accounts, 'a', { proxy: PROXY, profileArn: ARN }, 2);
    expect(saved).toMatchObject({ proxy: PROXY, credential: { profileArn: ARN, refreshToken: 'a-refresh-0' } });
    expect(saved?.version).toBeGreaterThan(before.version);
    const again = await store.accounts.put(newAccount('a', { credential: awsCredential('new-refresh-0') }), 3);
    expect(again).toMatchObject({ proxy: PROXY, credential: { refreshToken: 'new-refresh-0' } });
    expect(profileArnOf(again.credential)).toBeUndefined();
    const rotated = await store.accounts.saveSecrets(again, { ...again, accessToken: undefined }, 4);
    expect(rotated?.proxy).toBe(PROXY);
  });

  it('can be removed', async () => {
    await store.accounts.put(newAccount('a', { proxy: PROXY }), 1);
    const saved = await saveConnection(store.accounts, 'a', { proxy: null, profileArn: null }, 2);
    expect(saved?.proxy).toBeUndefined();
    expect((await store.accounts.find('a'))?.proxy).toBeUndefined();
  });

  it('is not saved for an unknown account', async () => {
    expect(await saveConnection(store.accounts, 'none', { proxy: 'direct' }, 1)).toBeUndefined();
  });

  it.each([
    ['proxy', { proxy: 'ftp://user:passwordSECRET@proxy.example' }],
    ['proxy', { proxy: 'http://proxy.example:3128/path' }],
    ['proxy', { proxy: 'passwordSECRET' }],
    ['proxy', { proxy: 'http:user:passwordSECRET@proxy.example:1' }],
    ['proxy', { proxy: 'http:\\\\user:passwordSECRET@proxy.example:1' }],
    ['proxy', { proxy: 'http://user:password\nSECRET@proxy.example:1' }],
    ['proxy', { proxy: 'http://user:passwordSECRET%@proxy.example:1' }],
    ['profile_arn', { profileArn: 'arn:aws:codewhisperer:nowhere:1:profile/x' }],
  ])('is rejected if the %s is invalid, which is not quoted if it may contain a password', async (param, patch) => {
    const account = await store.accounts.put(newAccount('a'), 1);
    expect(() => checkedConnection(account, patch)).toThrowError(expect.objectContaining({ param }));
    expect(() => checkedConnection(account, patch)).not.toThrowError(/SECRET/);
  });

  it('has no profile if the kind of account has none', async () => {
    const credential = { kind: 'api-key', apiKey: 'ksk_x', region: 'us-east-1' } as const;
    const account = await store.accounts.put(newAccount('a', { credential }), 1);
    expect(() => checkedConnection(account, { profileArn: ARN })).toThrowError(/has no profile/);
  });
});

describe('a proxy', () => {
  it.each(['http://p:1', 'https://u:p@proxy.example', 'socks5://[::1]:1080', 'socks5h://p.example:1', 'direct'])(
    'may be %s',
    (proxy) => expect(checkedProxy(proxy)).toBe(proxy),
  );

  it('has one @, whatever its password contains', () => {
    const proxy = checkedProxy('http://us@er:p@ss@proxy.example:1');
    expect(proxy).toBe('http://us%40er:p%40ss@proxy.example:1');
    expect(checkedProxy(proxy)).toBe(proxy);
  });

  it('is shown without user and password', () => {
    expect(shownProxy('http://user:p@ss@proxy:8080')).toBe('http://••••@proxy:8080');
    expect(shownProxy(PROXY)).toBe('socks5://••••@proxy.example:1080');
    expect(shownProxy('direct')).toBe('direct');
  });
});
