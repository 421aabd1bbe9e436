import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { newFields } from '../gateway/key-fields.ts';
import type { StoredKey } from '../gateway/stored-keys.ts';
import { systemClock } from '../transport/clock.ts';
import { openStore, type Store } from './open.ts';

async function openAt(url: string, home: string): Promise<Store> {
  const store = await openStore({ url, home, secretKey: 'k'.repeat(32), clock: systemClock });
  onTestFinished(() => store.close());
  return store;
}

function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'dragoman-keys-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  return home;
}

function key(id: string, more: Partial<StoredKey> = {}): StoredKey {
  return {
    ...newFields({ name: 'laptop' }, 0),
    id,
    prefix: `dg-${id}`,
    hash: Buffer.from(id.padEnd(32, '.')),
    previous: undefined,
    createdAtMs: 1_000,
    revokedAtMs: undefined,
    lastUsedAtMs: undefined,
    ...more,
  };
}

const DATABASES: readonly (readonly [string, (home: string) => Promise<string>])[] = [
  ['SQLite', async (home) => `sqlite:${join(home, 'dragoman.db')}`],
  [
    'PostgreSQL',
    async () => {
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      return database.url;
    },
  ],
];

describe.each(DATABASES)('client keys in %s', (_, makeUrl) => {
  it('are stored, revoked once and deleted', async () => {
    const home = makeHome();
    const { keys } = await openAt(await makeUrl(home), home);
    await keys.add(key('one'));
    await keys.add(key('two', { createdAtMs: 2_000, expiresAtMs: 5_000_000_000_000 }));
    const [one, two] = await keys.list();
    expect(one && { ...one, hash: Buffer.from(one.hash) }).toEqual(key('one'));
    expect(two?.expiresAtMs).toBe(5_000_000_000_000);
    expect((await keys.revoke('one', 3_000))?.revokedAtMs).toBe(3_000);
    expect((await keys.revoke('one', 4_000))?.revokedAtMs).toBe(3_000);
    expect(await keys.revoke('three', 4_000)).toBeUndefined();
    expect([await keys.remove('one'), await keys.remove('one')]).toEqual([true, false]);
    expect((await keys.list()).map(({ id }) => id)).toEqual(['two']);
  });

  it('keep every field, change single ones, and clear them', async () => {
    const home = makeHome();
    const { keys } = await openAt(await makeUrl(home), home);
    const limits = { requestsPerMinute: 60, concurrency: 4, tokensPerMinute: 1e9, creditsPerDay: 0.25 };
    const names = { owner: 'alice', note: 'two\nlines', group: 'team-a', models: ['claude-*', '模型'] };
    await keys.add(key('one', { ...limits, ...names, enabled: false }));
    expect((await keys.list())[0]).toMatchObject({ ...limits, ...names, enabled: false, creditsPerMonth: undefined });
    const changed = await keys.change('one', { enabled: true, creditsPerMonth: 99.5, owner: null, models: null });
    expect(changed).toMatchObject({ ...limits, note: names.note, enabled: true, creditsPerMonth: 99.5 });
    expect([changed?.owner, changed?.models]).toEqual([undefined, undefined]);
    expect((await keys.change('one', {}))?.creditsPerMonth).toBe(99.5);
    expect(await keys.change('none', { name: 'x' })).toBeUndefined();
    await keys.revoke('one', 3_000);
    expect(await keys.change('one', { name: 'x' })).toBeUndefined();
  });

  it('keep the secret that was replaced last', async () => {
    const home = makeHome();
    const { keys } = await openAt(await makeUrl(home), home);
    await keys.add(key('one'));
    const secret = (fill: number) => ({ prefix: `p${fill}`, hash: Buffer.alloc(32, fill) });
    await keys.rotate('one', { ...secret(1), previousValidUntilMs: 5_000 });
    const rotated = await keys.rotate('one', { ...secret(2), previousValidUntilMs: 5_000_000_000_000 });
    expect([rotated?.prefix, Buffer.from(rotated?.hash ?? [])]).toEqual(['p2', Buffer.alloc(32, 2)]);
    expect([rotated?.previous?.prefix, rotated?.previous?.validUntilMs]).toEqual(['p1', 5_000_000_000_000]);
    expect(Buffer.from(rotated?.previous?.hash ?? [])).toEqual(Buffer.alloc(32, 1));
    expect(await keys.rotate('none', { ...secret(3), previousValidUntilMs: 0 })).toBeUndefined();
  });

  it('record the last use, never an earlier one', async () => {
    const home = makeHome();
    const { keys } = await openAt(await makeUrl(home), home);
    await keys.add(key('one'));
    await keys.recordUses(new Map([['one', 7_000]]));
    await keys.recordUses(
      new Map([
        ['one', 6_000],
        ['gone', 1],
      ]),
    );
    expect((await keys.list()).map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual([7_000]);
  });

  it('have unique hashes', async () => {
    const home = makeHome();
    const { keys } = await openAt(await makeUrl(home), home);
    await keys.add(key('one'));
    await expect(keys.add(key('two', { hash: key('one').hash }))).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
  });

  it('created by another process are noticed', async () => {
    const home = makeHome();
    const url = await makeUrl(home);
    const [ours, theirs] = [await openAt(url, home), await openAt(url, home)];
    const before = ours.keys.changeMark();
    await theirs.keys.add(key('one'));
    await vi.waitFor(() => expect(ours.keys.changeMark()).not.toBe(before), { timeout: 5_000 });
  });

  it('share the database with one admin token, the first stored', async () => {
    const home = makeHome();
    const { adminToken } = await openAt(await makeUrl(home), home);
    expect(await adminToken.find()).toBeUndefined();
    const first = Buffer.alloc(32, 1);
    expect(Buffer.from(await adminToken.putIfAbsent(first))).toEqual(first);
    expect(Buffer.from(await adminToken.putIfAbsent(Buffer.alloc(32, 2)))).toEqual(first);
    expect(Buffer.from((await adminToken.find()) ?? [])).toEqual(first);
    const second = Buffer.alloc(32, 3);
    await adminToken.replace(second);
    expect(Buffer.from((await adminToken.find()) ?? [])).toEqual(second);
  });
});
