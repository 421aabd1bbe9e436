import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { NEW_ACCOUNT } from '../accounts/health.ts';
import { DEFAULT_OPTIONS } from '../accounts/options.ts';
import type { NewAccount } from '../accounts/ports.ts';
import type { StoredSignIn } from '../accounts/sign-in/pending.ts';
import { systemClock } from '../transport/clock.ts';
import { MIGRATIONS, migrate } from './migrations.ts';
import { openStore, type Store } from './open.ts';
import type { Tables } from './schema.ts';
import { openSqlite } from './sqlite.ts';

let home: string;
const open: Store[] = [];
const databases: TestDatabase[] = [];

beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'dragoman-store-')), 'home');
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
  for (const database of databases.splice(0)) await database.drop();
  rmSync(join(home, '..'), { recursive: true });
});

const KEY = 'k'.repeat(32);
const file = () => join(home, 'dragoman.db');

async function postgresUrl(): Promise<string> {
  const database = await createTestDatabase();
  databases.push(database);
  return database.url;
}

async function openAt(options: { url?: string; secretKey?: string | undefined } = {}): Promise<Store> {
  const store = await openStore({
    url: `sqlite:${file()}`,
    home,
    secretKey: undefined,
    clock: systemClock,
    ...options,
  });
  open.push(store);
  return store;
}

const TOKENS = { refresh: 'aorREFRESHCANARY', secret: 'CLIENTSECRETCANARY', access: 'aoaACCESSCANARY' };

function account(id = 'a1'): NewAccount {
  return {
    id,
    label: 'Builder ID',
    source: { type: 'sign-in' },
    credential: {
      kind: 'builder-id',
      refreshToken: TOKENS.refresh,
      clientId: 'client',
      clientSecret: TOKENS.secret,
      region: 'us-east-1',
      startUrl: undefined,
      profileArn: undefined,
    },
    accessToken: { value: TOKENS.access, expiresAtMs: 99 },
    health: NEW_ACCOUNT,
  };
}

describe.each([
  ['in memory', async () => 'sqlite::memory:'],
  ['in a file', async () => `sqlite:${file()}`],
  ['in PostgreSQL', postgresUrl],
])('the account store %s', (_name, url) => {
  it('returns accounts as stored, in order of creation', async () => {
    const { accounts } = await openAt({ url: await url() });
    await accounts.put(account('b'), 10);
    const put = await accounts.put(account('a'), 20);
    expect(put).toEqual({
      ...account('a'),
      options: DEFAULT_OPTIONS,
      learned: {},
      version: 1,
      createdAtMs: 20,
      updatedAtMs: 20,
    });
    expect((await accounts.list()).map(({ id }) => id)).toEqual(['b', 'a']);
    expect(await accounts.find('a')).toEqual(put);
    expect(await accounts.find('none')).toBeUndefined();
  });

  it('keeps the options of an account that signs in again', async () => {
    const { accounts } = await openAt({ url: await url() });
    const options = { ...DEFAULT_OPTIONS, priority: 7, groups: ['a'] };
    await accounts.put(account(), 10);
    const changed = await accounts.changeOptions('a1', () => ({ label: 'mine', options }), 20);
    expect(changed).toMatchObject({ label: 'mine', options, version: 1 });
    expect(await accounts.put(account(), 30)).toMatchObject({ options });
    expect(await accounts.put({ ...account(), options: DEFAULT_OPTIONS }, 40)).toMatchObject({
      options: DEFAULT_OPTIONS,
    });
    expect(await accounts.changeOptions('none', (known) => known, 50)).toBeUndefined();
  });

  it('keeps each of several options that are changed at the same time', async () => {
    const { accounts } = await openAt({ url: await url() });
    await accounts.put(account(), 10);
    const change = (part: object) =>
      accounts.changeOptions('a1', ({ label, options }) => ({ label, options: { ...options, ...part } }), 20);
    const parts = [{ priority: 7 }, { weight: 5 }, { groups: ['a'] }, { maxConcurrency: 3 }, { minIntervalMs: 9 }];
    await Promise.all(parts.map(change));
    expect((await accounts.find('a1'))?.options).toEqual(Object.assign({}, ...parts));
  });

  it('replaces an account with the same id and rejects writes based on the old version', async () => {
    const { accounts } = await openAt({ url: await url() });
    const first = await accounts.put(account(), 10);
    const second = await accounts.put({ ...account(), label: 'new' }, 20);
    expect(second).toMatchObject({ label: 'new', version: 2, createdAtMs: 10, updatedAtMs: 20 });
    expect(await accounts.saveSecrets(first, first, 30)).toBeUndefined();
  });

  it('lets one of two refreshes of the same version win, and rejects the other', async () => {
    const { accounts } = await openAt({ url: await url() });
    const read = await accounts.put(account(), 10);
    const next = (value: string) => ({ credential: read.credential, accessToken: { value, expiresAtMs: 5 } });
    const [one, other] = await Promise.all([
      accounts.saveSecrets(read, next('one'), 20),
      accounts.saveSecrets(read, next('other'), 20),
    ]);
    expect([one, other].filter(Boolean)).toHaveLength(1);
    expect((await accounts.find('a1'))?.accessToken).toEqual((one ?? other)?.accessToken);
  });

  it('stores health separately from credentials', async () => {
    const { accounts } = await openAt({ url: await url() });
    const read = await accounts.put(account(), 10);
    const suspended = { ...NEW_ACCOUNT, state: { status: 'suspended' }, failures: 3 } as const;
    expect(await accounts.changeHealth('a1', () => suspended, 20)).toEqual(suspended);
    expect(await accounts.changeHealth('none', () => suspended, 20)).toBeUndefined();
    expect(await accounts.find('a1')).toMatchObject({ version: read.version, health: { failures: 3 } });
    expect(await accounts.saveSecrets(read, read, 30)).toBeDefined();
  });

  it('counts each of several events of the health that are stored at the same time', async () => {
    const { accounts } = await openAt({ url: await url() });
    await accounts.put(account(), 10);
    const count = () => accounts.changeHealth('a1', (health) => ({ ...health, successes: health.successes + 1 }), 20);
    await Promise.all([count(), count(), count(), count()]);
    expect((await accounts.find('a1'))?.health.successes).toBe(4);
  });

  it('adds learned facts once per wire profile and keeps them when the account signs in again', async () => {
    const { accounts } = await openAt({ url: await url() });
    const read = await accounts.put(account(), 10);
    expect(await accounts.addClosingEvents('a1', 'q-rest', 20)).toEqual({ closingEvents: ['q-rest'] });
    await accounts.addClosingEvents('a1', 'q-json', 30);
    await accounts.addClosingEvents('a1', 'q-rest', 40);
    const learned = { closingEvents: ['q-rest', 'q-json'] };
    expect(await accounts.find('a1')).toMatchObject({ learned, version: read.version, updatedAtMs: 30 });
    expect(await accounts.saveSecrets(read, read, 50)).toMatchObject({ learned });
    expect(await accounts.put(account(), 60)).toMatchObject({ learned });
    expect(await accounts.addClosingEvents('none', 'q-rest', 70)).toBeUndefined();
  });

  it('keeps the latest of other kinds of facts', async () => {
    const { accounts } = await openAt({ url: await url() });
    await accounts.put(account(), 10);
    await accounts.addClosingEvents('a1', 'q-rest', 20);
    await accounts.saveLearned('a1', { wireProfile: { id: 'q-rest', untilMs: 1 } }, 30);
    const profileArn = 'arn:aws:codewhisperer:us-east-1:111122223333:profile/ABCDEFGHIJKL';
    await accounts.saveLearned('a1', { profileArn }, 40);
    const wireProfile = { id: 'kiro-krs', untilMs: 2 };
    const learned = { closingEvents: ['q-rest'], wireProfile, profileArn };
    expect(await accounts.saveLearned('a1', { wireProfile }, 50)).toEqual(learned);
    expect(await accounts.find('a1')).toMatchObject({ learned });
    expect(await accounts.saveLearned('none', { profileArn }, 60)).toBeUndefined();
  });

  it('adds readings of rules by wire profile, and forgets all facts but the last refresh', async () => {
    const { accounts } = await openAt({ url: await url() });
    await accounts.put(account(), 10);
    await accounts.saveReadings('a1', 'q-rest', { 'blank-turn': 'accepted' }, 20);
    await accounts.saveReadings('a1', 'q-json', { 'blank-turn': 'refused' }, 30);
    const readings = {
      'q-rest': { readings: { 'blank-turn': 'accepted', 'digit-first-name': 'refused' }, atMs: 40 },
      'q-json': { readings: { 'blank-turn': 'refused' }, atMs: 30 },
    };
    expect(await accounts.saveReadings('a1', 'q-rest', { 'digit-first-name': 'refused' }, 40)).toEqual({ readings });
    const lastRefresh = { atMs: 50, succeeded: true };
    await accounts.saveLearned('a1', { lastRefresh }, 50);
    expect(await accounts.find('a1')).toMatchObject({ learned: { readings, lastRefresh } });
    expect(await accounts.forgetLearned('a1', 60)).toEqual({ lastRefresh });
    expect(await accounts.find('a1')).toMatchObject({ learned: { lastRefresh } });
    expect(await accounts.forgetLearned('none', 70)).toBeUndefined();
  });

  it('removes', async () => {
    const { accounts } = await openAt({ url: await url() });
    await accounts.put(account(), 10);
    expect(await accounts.remove('a1')).toBe(true);
    expect(await accounts.remove('a1')).toBe(false);
    expect(await accounts.list()).toEqual([]);
  });

  it('stores client registrations by region and start URL', async () => {
    const { registrations } = await openAt({ url: await url() });
    const registration = { clientId: 'c', clientSecret: 's', expiresAtMs: 5 };
    await registrations.put('us-east-1', 'https://x', registration, 1);
    await registrations.put('us-east-1', 'https://x', { ...registration, clientId: 'd' }, 2);
    expect(await registrations.find('us-east-1', 'https://x')).toEqual({ ...registration, clientId: 'd' });
    expect(await registrations.find('eu-west-1', 'https://x')).toBeUndefined();
  });
});

const signIn: StoredSignIn = {
  id: 's1',
  request: { label: 'mine', proxy: 'http://user:passwordCANARY@proxy.example' },
  grant: { type: 'kiro', deviceCode: 'deviceCANARY' },
  verificationUrl: 'https://verify.example',
  userCode: 'ABCD-EFGH',
  expiresAtMs: 1_000,
  intervalMs: 5_000,
  askedAtMs: 10,
  outcome: { state: 'pending' },
};

describe.each([
  ['SQLite', async () => `sqlite:${file()}`],
  ['PostgreSQL', postgresUrl],
])('beside the accounts, %s', (_name, url) => {
  it('keeps pending sign-ins until well after they expire', async () => {
    const { signIns } = await openAt({ url: await url() });
    await signIns.put(signIn, 10);
    await signIns.put({ ...signIn, askedAtMs: 20 }, 20);
    expect(await signIns.find('s1')).toEqual({ ...signIn, askedAtMs: 20 });
    await signIns.removeExpired(1_000);
    expect(await signIns.find('s1')).toBeDefined();
    await signIns.removeExpired(1_001);
    expect(await signIns.find('s1')).toBeUndefined();
  });

  it('lets one process at a time continue a sign-in', async () => {
    const { signIns } = await openAt({ url: await url() });
    const steps: string[] = [];
    const work = (name: string) => () =>
      Promise.resolve(steps.push(`${name} in`)).then(() => void steps.push(`${name} out`));
    await Promise.all([signIns.exclusively('s1', work('a')), signIns.exclusively('s1', work('b'))]);
    expect(steps.map((step) => step.slice(-3).trim())).toEqual(['in', 'out', 'in', 'out']);
  });

  it('stores an account’s proxy with its credential', async () => {
    const { accounts } = await openAt({ url: await url() });
    const first = await accounts.put({ ...account(), proxy: 'direct' }, 10);
    const saved = await accounts.saveProxy('a1', signIn.request.proxy, 20);
    expect(saved).toMatchObject({ proxy: signIn.request.proxy, version: first.version + 1 });
    expect(await accounts.saveSecrets(first, first, 30)).toBeUndefined();
    expect((await accounts.put(account(), 40)).proxy).toBe(signIn.request.proxy);
    expect((await accounts.saveProxy('a1', undefined, 50))?.proxy).toBeUndefined();
    expect(await accounts.saveProxy('none', 'direct', 60)).toBeUndefined();
  });

  it('stores device and browser registrations separately', async () => {
    const { registrations } = await openAt({ url: await url() });
    const registration = { clientId: 'c', clientSecret: 's', expiresAtMs: 5 };
    await registrations.put('us-east-1', 'https://x', registration, 1, 'browser');
    expect(await registrations.find('us-east-1', 'https://x')).toBeUndefined();
    expect(await registrations.find('us-east-1', 'https://x', 'browser')).toEqual(registration);
  });

  it('opens everything under a new key', async () => {
    const place = await url();
    const store = await openAt({ url: place, secretKey: KEY });
    await store.accounts.put({ ...account(), proxy: 'direct' }, 10);
    await store.signIns.put(signIn, 10);
    const other = 'o'.repeat(32);
    await store.rotateKey(other);
    const again = await openAt({ url: place, secretKey: other });
    expect(await again.signIns.find('s1')).toEqual(signIn);
    expect((await again.accounts.find('a1'))?.proxy).toBe('direct');
  });

  it('loses no fact that another process stores at the same time', async () => {
    const at = { url: await url() };
    const [one, other] = [await openAt(at), await openAt(at)];
    await one.accounts.put(account(), 10);
    const profiles = Array.from({ length: 12 }, (_, index) => `profile-${index}`);
    await Promise.all(
      profiles.map((profile, index) => (index % 2 ? one : other).accounts.addClosingEvents('a1', profile, 20)),
    );
    const { learned } = (await one.accounts.find('a1')) ?? {};
    expect(learned?.closingEvents?.toSorted()).toEqual(profiles.toSorted());
  });
});

describe('opening', () => {
  it('keeps everything across a restart', async () => {
    const first = await openAt();
    await first.accounts.put(account(), 10);
    await first.close();
    const [read] = await (await openAt()).accounts.list();
    expect(read?.credential).toEqual(account().credential);
    expect(read?.accessToken).toEqual(account().accessToken);
  });

  it('keeps what was written if it is not closed', async () => {
    const first = await openAt();
    await first.accounts.put(account(), 10);
    copyFileSync(file(), join(home, 'copy.db'));
    copyFileSync(`${file()}-wal`, join(home, 'copy.db-wal'));
    const copy = await openAt({ url: `sqlite:${join(home, 'copy.db')}` });
    expect(await copy.accounts.list()).toHaveLength(1);
  });

  it('creates home, key and database readable only by their owner', async () => {
    const store = await openAt();
    await store.accounts.put(account(), 10);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(home))
      expect([name, statSync(join(home, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(readdirSync(home).sort()).toEqual(['dragoman.db', 'dragoman.db-shm', 'dragoman.db-wal', 'secret.key']);
  });

  it('creates one key when two processes open at once', async () => {
    const [one, other] = await Promise.all([openAt(), openAt()]);
    await one.accounts.put(account(), 10);
    expect(await other.accounts.list()).toHaveLength(1);
  });

  it('notifies one connection when another has written', async () => {
    const one = await openAt();
    const other = await openAt();
    const mark = one.accounts.changeMark();
    expect(one.accounts.changeMark()).toBe(mark);
    await other.accounts.put(account(), 10);
    expect(one.accounts.changeMark()).not.toBe(mark);
  });

  it('needs no file for an in-memory database', async () => {
    await openAt({ url: 'sqlite::memory:' });
    expect(existsSync(home)).toBe(false);
  });

  it.each([
    ['another key in the settings', 'x'.repeat(32)],
    ['a key file after a key in the settings', undefined],
  ])('refuses %s and changes nothing', async (_name, secretKey) => {
    const first = await openAt({ secretKey: KEY });
    await first.accounts.put(account(), 10);
    await first.close();
    const before = readFileSync(file());
    const files = readdirSync(home);
    await expect(openAt({ secretKey })).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(readFileSync(file()).equals(before)).toBe(true);
    expect(readdirSync(home)).toEqual(files);
    expect(await (await openAt({ secretKey: KEY })).accounts.list()).toHaveLength(1);
  });

  it('reports that the key is missing', async () => {
    await (await openAt()).close();
    rmSync(join(home, 'secret.key'));
    await expect(openAt()).rejects.toThrow('its key is missing');
  });

  it('refuses an invalid key file', async () => {
    await (await openAt()).close();
    writeFileSync(join(home, 'secret.key'), 'short');
    await expect(openAt()).rejects.toThrow('does not contain a secret key');
  });

  it.each([
    ['mysql://u:pw@h/d', 'must be `sqlite:`'],
    ['sqlite:/nowhere/at/all/x.db', 'Could not open'],
  ])('refuses %s with an explanation', async (url, words) => {
    const error: unknown = await openAt({ url }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining(words) });
    expect(String(error)).not.toContain('pw');
  });

  it('refuses a file that is not a database', async () => {
    await (await openAt({ secretKey: KEY })).close();
    writeFileSync(file(), 'x'.repeat(5000));
    await expect(openAt({ secretKey: KEY })).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});

describe('secrets', () => {
  it('appear in none of the files', async () => {
    const store = await openAt();
    const read = await store.accounts.put({ ...account(), proxy: 'http://u:passwordCANARY@proxy.example' }, 10);
    await store.accounts.saveSecrets(read, read, 20);
    await store.signIns.put(signIn, 20);
    await store.registrations.put(
      'us-east-1',
      'https://acme.awsapps.com/start',
      {
        clientId: 'CLIENTIDCANARY',
        clientSecret: TOKENS.secret,
        expiresAtMs: 5,
      },
      20,
    );
    const check = () => {
      for (const name of readdirSync(home)) {
        const bytes = readFileSync(join(home, name)).toString('latin1');
        expect([name, /CANARY|acme/.exec(bytes)?.[0]]).toEqual([name, undefined]);
      }
    };
    check();
    await store.close();
    check();
  });

  it('do not open in another row', async () => {
    const store = await openAt();
    await store.accounts.put(account('a1'), 10);
    await store.accounts.put(account('a2'), 10);
    const raw = new DatabaseSync(file());
    raw.exec("update accounts set sealed = (select sealed from accounts where id = 'a1') where id = 'a2'");
    raw.close();
    await expect(store.accounts.find('a2')).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await store.accounts.find('a1')).toBeDefined();
  });
});

describe('a busy or missing database', () => {
  it('is retried while another process writes', async () => {
    const store = await openAt();
    const other = new DatabaseSync(file());
    other.exec('begin immediate');
    const writing = store.accounts.put(account(), 10);
    setTimeout(() => other.exec('commit'), 100);
    await writing;
    other.close();
    expect(await store.accounts.list()).toHaveLength(1);
  });

  it('is reported as such, without the data that was to be written', async () => {
    const store = await openAt();
    await store.close();
    const error: unknown = await store.accounts.put(account(), 10).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'storage_unavailable' });
    expect(String(error)).not.toContain('CANARY');
  });
});

describe('migrations', () => {
  it('run once, even when started several times at once', async () => {
    const path = join(home, '..', 'm.db');
    const [one, other] = [openSqlite(path, systemClock), openSqlite(path, systemClock)];
    for (const database of [one, other, one]) await migrate(database, 7);
    const rows = await one.db.selectFrom('migrations').selectAll().execute();
    expect(rows).toEqual(MIGRATIONS.map(({ number, name }) => ({ number, name, applied_at_ms: 7 })));
    await one.close();
    await other.close();
  });

  it('are rolled back when one fails', async () => {
    const database = openSqlite(':memory:', systemClock);
    const { db } = database;
    const broken = {
      number: MIGRATIONS.length + 1,
      name: 'broken',
      up: async (connection: Kysely<Tables>) => {
        await connection.schema.createTable('half').addColumn('id', 'text').execute();
        throw new Error('no');
      },
    };
    await migrate(database, 1);
    await expect(migrate(database, 2, [...MIGRATIONS, broken])).rejects.toThrow('no');
    const tables = (await db.introspection.getTables()).map(({ name }) => name);
    expect(tables).not.toContain('half');
    expect(await db.selectFrom('migrations').selectAll().execute()).toHaveLength(MIGRATIONS.length);
    await database.close();
  });

  it('refuse a database of a newer version', async () => {
    const database = openSqlite(':memory:', systemClock);
    const { db } = database;
    await migrate(database, 1);
    await db.insertInto('migrations').values({ number: 99, name: 'later', applied_at_ms: 1 }).execute();
    await expect(migrate(database, 2)).rejects.toThrow('newer dragoman');
    await database.close();
  });
});
