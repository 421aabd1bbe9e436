import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newAccount } from '../../../test/support/fake-accounts.ts';
import { ledgerRow } from '../../../test/support/ledger-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres.ts';
import type { StoredKey } from '../../gateway/stored-keys.ts';
import { systemClock } from '../../transport/clock.ts';
import { openStore, type Store } from '../open.ts';

const KEY = 'k'.repeat(32);
const LIMITS = { rows: 1_000, days: 90, textBytes: 1_000_000 };
const TEXT = { request: 'a question', reply: 'an answer', isCut: false };
const REGISTRATION = { clientId: 'c', clientSecret: 's', expiresAtMs: 5 };

let home: string;
const databases: TestDatabase[] = [];
const stores: Store[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-backup-'));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const database of databases.splice(0)) await database.drop();
  rmSync(home, { recursive: true });
});

let files = 0;
const fileUrl = async () => `sqlite:${join(home, `${++files}.db`)}`;
const postgresUrl = async () => {
  const database = await createTestDatabase();
  databases.push(database);
  return database.url;
};

async function open(url: string, secretKey = KEY): Promise<Store> {
  const store = await openStore({ url, home, secretKey, clock: systemClock });
  stores.push(store);
  return store;
}

function key(id: string): StoredKey {
  const none = { requestsPerMinute: undefined, concurrency: undefined, tokensPerMinute: undefined };
  const open = { owner: undefined, note: undefined, expiresAtMs: undefined, models: undefined, group: undefined };
  const fresh = { previous: undefined, createdAtMs: 1, revokedAtMs: undefined, lastUsedAtMs: undefined };
  const budgets = { creditsPerDay: 0.25, creditsPerMonth: undefined };
  const secret = { prefix: `dg-${id}`, hash: createHash('sha256').update(id).digest() };
  return { id, name: id, enabled: true, ...none, ...open, ...fresh, ...budgets, ...secret };
}

async function fill({ accounts, keys, registrations, settings, adminToken, openLedger }: Store): Promise<void> {
  for (let n = 0; n < 60; n++) await accounts.put(newAccount(`a${n}`), 1);
  await accounts.put(newAccount('trashed'), 1);
  await accounts.discard('trashed', Date.now());
  await keys.add(key('laptop'));
  await registrations.put('us-east-1', 'https://x', REGISTRATION, 1);
  await settings.save(new Map([['DRAGOMAN_LOG_LEVEL', 'debug']]), 1);
  await adminToken.replace(Uint8Array.of(0, 255));
  const ledger = await openLedger(LIMITS);
  const rows = Array.from({ length: 130 }, (_, n) => ledgerRow(`req_${n}`, Date.now(), { text: TEXT }));
  await ledger.write(rows);
  await ledger.close();
}

async function backUp(store: Store): Promise<{ lines: string[]; counts: unknown }> {
  const lines: string[] = [];
  const counts = await store.backUp(async (line) => void lines.push(line));
  return { lines, counts };
}

const from = (lines: readonly string[]) =>
  async function* () {
    yield* lines;
  };

const COUNTS = { accounts: 61, keys: 1, requests: 130 };

describe.each([
  ['SQLite', 'SQLite', fileUrl, fileUrl],
  ['SQLite', 'PostgreSQL', fileUrl, postgresUrl],
  ['PostgreSQL', 'SQLite', postgresUrl, fileUrl],
  ['PostgreSQL', 'PostgreSQL', postgresUrl, postgresUrl],
])('a backup from %s to %s', (_from, _to, sourceUrl, targetUrl) => {
  it('has everything, and what is written later follows it', async () => {
    const source = await open(await sourceUrl());
    await fill(source);
    const { lines, counts } = await backUp(source);
    expect(counts).toEqual(COUNTS);
    expect(lines.join('')).not.toMatch(/refresh|laptop|question/);

    const url = await targetUrl();
    const target = await open(url);
    await target.accounts.put(newAccount('other'), 1);
    expect(await target.restore(from(lines))).toEqual(COUNTS);
    expect(await target.accounts.list()).toEqual(await source.accounts.list());
    expect(await target.accounts.listDiscarded(0)).toMatchObject([{ id: 'trashed' }]);
    const hash = expect.toSatisfy((bytes: Uint8Array) => bytes.length === 32);
    const [laptop] = await source.keys.list();
    expect(await target.keys.list()).toEqual([{ ...laptop, hash }]);
    expect(Buffer.from((await target.keys.list())[0]?.hash ?? [])).toEqual(Buffer.from(key('laptop').hash));
    expect(await target.registrations.find('us-east-1', 'https://x')).toEqual(REGISTRATION);
    expect(await target.settings.list()).toEqual(await source.settings.list());
    expect(Buffer.from((await target.adminToken.find()) ?? [])).toEqual(Buffer.of(0, 255));

    // With the same key, as after a restart.
    const ledger = await (await open(url)).openLedger(LIMITS);
    expect(await ledger.find('req_129')).toMatchObject({ row: { id: 'req_129' }, text: TEXT });
    await ledger.write([ledgerRow('later', Date.now())]);
    expect(await ledger.newestNumber()).toBe(131);
    expect(await ledger.credits('key', Date.now())).toMatchObject([{ id: 'key-1' }]);
    await ledger.close();
  });
});

describe('a backup', () => {
  it('that is damaged, cut off, mixed or of another key changes nothing', async () => {
    const source = await open(await fileUrl());
    await fill(source);
    const { lines } = await backUp(source);
    const other = (await backUp(source)).lines;
    const target = await open(await fileUrl());
    await target.accounts.put(newAccount('mine'), 1);
    const damaged: [string[], string][] = [
      [lines.slice(0, -1), 'is cut off'],
      [lines.toSpliced(2, 1), 'is damaged'],
      [lines.toSpliced(2, 1, other[2] ?? ''), 'is damaged'],
      [lines.toSpliced(3, 1, `${lines[3]?.slice(0, 50)}A${lines[3]?.slice(51)}B`), 'is damaged'],
      [[...lines, 'x'], 'has more after its end'],
      [['{}', ...lines.slice(1)], 'is not a backup'],
      [lines.with(0, String(lines[0]).replace('"schema":', '"schema":9')), 'another version'],
    ];
    for (const [broken, message] of damaged) await expect(target.restore(from(broken))).rejects.toThrow(message);
    const foreign = await open(await fileUrl(), 'f'.repeat(32));
    await expect(foreign.restore(from(lines))).rejects.toThrow('is damaged');
    expect(await target.accounts.list()).toMatchObject([{ id: 'mine' }]);
  });

  it('is of one moment, while others write', async () => {
    for (const urlOf of [fileUrl, postgresUrl]) {
      const url = await urlOf();
      const source = await open(url);
      await source.accounts.put(newAccount('before'), 1);
      const writer = await open(url);
      const lines: string[] = [];
      await source.backUp(async (line) => {
        lines.push(line);
        await writer.keys.add(key(`late-${lines.length}`));
      });
      const target = await open(await fileUrl());
      expect(await target.restore(from(lines))).toEqual({ accounts: 1, keys: 0, requests: 0 });
    }
  });
});
