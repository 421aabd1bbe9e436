import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newAccount } from '../../test/support/fake-accounts.ts';
import { ledgerRow } from '../../test/support/ledger-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { systemClock } from '../transport/clock.ts';
import { openStore, type Store } from './open.ts';

const OLD = 'o'.repeat(32);
const NEW = 'n'.repeat(32);
const REGISTRATION = { clientId: 'c', clientSecret: 's', expiresAtMs: 5 };

let home: string;
let postgres: TestDatabase | undefined;
const stores: Store[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-key-'));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await postgres?.drop();
  postgres = undefined;
  rmSync(home, { recursive: true });
});

const fileUrl = async () => `sqlite:${join(home, 'dragoman.db')}`;
const postgresUrl = async () => {
  postgres ??= await createTestDatabase();
  return postgres.url;
};
const keyFile = () => join(home, 'secret.key');

async function open(url: string, secretKey?: string): Promise<Store> {
  const store = await openStore({ url, home, secretKey, clock: systemClock });
  stores.push(store);
  return store;
}

async function fill({ accounts, registrations }: Store): Promise<void> {
  await accounts.put(newAccount('a'), 1);
  await accounts.put(newAccount('b', { proxy: 'http://user:password@127.0.0.1:1' }), 1);
  await registrations.put('us-east-1', 'https://x', REGISTRATION, 1);
}

async function expectAll({ accounts, registrations }: Store): Promise<void> {
  expect(await accounts.list()).toMatchObject([
    { id: 'a', credential: { refreshToken: 'a-refresh-0' } },
    { id: 'b', credential: { refreshToken: 'b-refresh-0' }, proxy: 'http://user:password@127.0.0.1:1' },
  ]);
  expect(await registrations.find('us-east-1', 'https://x')).toEqual(REGISTRATION);
}

describe.each([
  ['a SQLite file', fileUrl],
  ['PostgreSQL', postgresUrl],
])('rotating the secret key of %s', (_name, urlOf) => {
  it('lets the new key open everything and the old one nothing', async () => {
    const url = await urlOf();
    const store = await open(url, OLD);
    await fill(store);
    expect(await store.rotateKey(NEW)).toEqual({ accounts: 2 });
    await expect(open(url, OLD)).rejects.toThrow('Nothing was changed');
    await expectAll(await open(url, NEW));
  });

  it('creates a private key file if no setting holds the key', async () => {
    const url = await urlOf();
    const store = await open(url);
    await fill(store);
    const before = readFileSync(keyFile(), 'utf8');
    await store.rotateKey(undefined);
    expect(readFileSync(keyFile(), 'utf8')).not.toBe(before);
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    expect(existsSync(`${keyFile()}.next`)).toBe(false);
    await expectAll(await open(url));
  });

  it('rejects writes of a process that still has the old key', async () => {
    const url = await urlOf();
    const late = await open(url, OLD);
    await fill(late);
    const [read] = await late.accounts.list();
    await (await open(url, OLD)).rotateKey(NEW);
    if (!read) expect.fail('there was an account');
    expect(await late.accounts.saveSecrets(read, read, 2)).toBeUndefined();
    await expect(late.accounts.put(newAccount('c'), 2)).rejects.toThrow('was rotated while this process was running');
    await expect(late.registrations.put('r', 'u', REGISTRATION, 2)).rejects.toThrow('Restart it with the new key');
    await expectAll(await open(url, NEW));
  });
});

describe.each([
  ['a SQLite file', fileUrl],
  ['PostgreSQL', postgresUrl],
])('rotating the secret key of %s with a ledger', (_name, urlOf) => {
  const limits = { rows: 1_000, days: 90, textBytes: 1_000_000 };
  const text = { request: 'a question', reply: 'an answer', isCut: false };

  it('re-encrypts its texts, and stores none that an earlier key has encrypted', async () => {
    const url = await urlOf();
    const late = await open(url, OLD);
    const ledger = await late.openLedger(limits);
    const rows = Array.from({ length: 150 }, (_, index) => ledgerRow(`req_${index}`, Date.now(), { text }));
    await ledger.write([...rows, ledgerRow('without', Date.now())]);
    await (await open(url, OLD)).rotateKey(NEW);
    await ledger.write([ledgerRow('late', Date.now(), { text })]);
    expect(await ledger.find('req_0')).toMatchObject({ row: { id: 'req_0' }, text: undefined });
    await ledger.close();
    const reopened = await (await open(url, NEW)).openLedger(limits);
    for (const id of ['req_0', 'req_149']) expect(await reopened.find(id)).toMatchObject({ text });
    for (const id of ['without', 'late']) expect((await reopened.find(id))?.text).toBeUndefined();
    await reopened.close();
  });
});

it('leaves nothing that neither key opens, even with concurrent writers', { timeout: 60_000 }, async () => {
  for (const urlOf of [fileUrl, postgresUrl]) {
    const url = await urlOf();
    const writer = await open(url, OLD);
    const rotating = await open(url, OLD);
    let written = 0;
    const writing = (async () => {
      for (; ; written++) {
        await writer.accounts.put(newAccount(`w${written}`), 1);
        await new Promise(setImmediate);
      }
    })().catch((cause: unknown) => cause);
    await expect.poll(() => written).toBeGreaterThan(3);
    const { accounts } = await rotating.rotateKey(NEW);
    expect(await writing).toMatchObject({ code: 'storage_unavailable' });
    expect(await (await open(url, NEW)).accounts.list()).toHaveLength(accounts);
  }
});

describe('a rotation that was killed', () => {
  it('is completed at the next start if the database has the new key', async () => {
    const url = await fileUrl();
    const store = await open(url);
    await fill(store);
    const old = join(home, 'old.key');
    copyFileSync(keyFile(), old);
    await store.rotateKey(undefined);
    renameSync(keyFile(), `${keyFile()}.next`);
    renameSync(old, keyFile());
    await expectAll(await open(url));
    expect(existsSync(`${keyFile()}.next`)).toBe(false);
    await expectAll(await open(url));
  });

  it('keeps the old key if the database does not have the new one', async () => {
    const url = await fileUrl();
    const store = await open(url);
    await fill(store);
    writeFileSync(`${keyFile()}.next`, `${Buffer.alloc(32, 7).toString('base64url')}\n`);
    await expectAll(await open(url));
    await (await open(url)).rotateKey(undefined);
    await expectAll(await open(url));
  });
});
