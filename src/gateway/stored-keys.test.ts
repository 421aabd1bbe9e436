import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { SILENT } from '../core/log.ts';
import { ApiKeys } from './api-keys.ts';
import type { KeyStore, StoredKey } from './stored-keys.ts';

/** A table that two processes may open: a write by one changes the mark of the other. */
function createKeyTable() {
  const rows = new Map<string, StoredKey>();
  const state = { writes: 0, lists: 0, isBroken: false };
  function open(): KeyStore {
    let own = 0;
    const write = <T>(change: () => T): Promise<T> => {
      if (state.isBroken) return Promise.reject(new Error('the disk is full'));
      state.writes += 1;
      own += 1;
      return Promise.resolve(change());
    };
    return {
      latestChangeMark: async () => state.writes - own,
      changeMark: () => state.writes - own,
      async list() {
        state.lists += 1;
        return [...rows.values()];
      },
      add: (key) => write(() => void rows.set(key.id, key)),
      change: (id, { name, enabled, ...change }) =>
        write(() => {
          const key = rows.get(id);
          if (!key || key.revokedAtMs !== undefined) return undefined;
          const changed = Object.entries(change).filter(([, value]) => value !== undefined);
          const cleared = Object.fromEntries(changed.map(([field, value]) => [field, value ?? undefined]));
          rows.set(id, { ...key, ...cleared, name: name ?? key.name, enabled: enabled ?? key.enabled });
          return rows.get(id);
        }),
      rotate: (id, { prefix, hash, previousValidUntilMs }) =>
        write(() => {
          const key = rows.get(id);
          if (!key || key.revokedAtMs !== undefined) return undefined;
          const previous = { prefix: key.prefix, hash: key.hash, validUntilMs: previousValidUntilMs };
          rows.set(id, { ...key, prefix, hash, previous });
          return rows.get(id);
        }),
      revoke: (id, nowMs) =>
        write(() => {
          const key = rows.get(id);
          if (key) rows.set(id, { ...key, revokedAtMs: key.revokedAtMs ?? nowMs });
          return rows.get(id);
        }),
      remove: (id) => write(() => rows.delete(id)),
      recordUses: (uses) =>
        write(() => {
          for (const [id, lastUsedAtMs] of uses) {
            const key = rows.get(id);
            if (key) rows.set(id, { ...key, lastUsedAtMs });
          }
        }),
    };
  }
  return { open, rows, state };
}

async function openKeys({ table = createKeyTable(), configured = [] as readonly string[] } = {}) {
  const clock = createFakeClock();
  const keys = await ApiKeys.open({ configured, store: table.open(), clock, log: SILENT });
  return { keys, clock, table };
}

describe('created keys', () => {
  it('work at once, and only the beginning of the secret is stored', async () => {
    const { keys, table } = await openKeys();
    const { key, secret } = await keys.create({ name: ' laptop ' });
    expect(secret).toMatch(/^dg-[0-9a-f]{12}-[A-Za-z0-9]{32}$/);
    expect([key.name, key.prefix]).toEqual(['laptop', secret.slice(0, 15)]);
    expect(key.id).toBe(`key-${secret.slice(3, 15)}`);
    expect(await keys.identify(secret)).toBe(key.id);
    expect(JSON.stringify([...table.rows.values()])).not.toContain(secret.slice(16));
  });

  it('are rejected if a character is wrong', async () => {
    const { keys } = await openKeys();
    const { secret } = await keys.create({ name: 'laptop' });
    for (const wrong of ['', secret.slice(0, 15), secret.slice(0, -1), `${secret}x`, secret.toLowerCase()])
      expect(await keys.identify(wrong)).toBeUndefined();
  });

  it('work beside those from the settings', async () => {
    const { keys } = await openKeys({ configured: ['from-settings'] });
    const { key, secret } = await keys.create({ name: 'laptop' });
    const clients = [await keys.identify('from-settings'), await keys.identify(secret)];
    expect(new Set([...clients, key.id]).size).toBe(2);
    expect(keys.usable).toBe(2);
  });

  it('are rejected with the reason once expired or revoked', async () => {
    const { keys, clock } = await openKeys();
    const revoked = await keys.create({ name: 'revoked' });
    const brief = await keys.create({ name: 'brief', expiresAtMs: clock.now() + 1_000 });
    expect(await keys.identify(brief.secret)).toBe(brief.key.id);
    await keys.revoke(revoked.key.id);
    clock.advance(1_000);
    await expect(keys.identify(revoked.secret)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('was revoked at'),
    });
    await expect(keys.identify(brief.secret)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('expired at'),
    });
    expect(keys.usable).toBe(0);
  });

  it('are identified at once while valid and a recent look at the database is known', async () => {
    const { keys, clock } = await openKeys({ configured: ['sk-configured'] });
    const brief = await keys.create({ name: 'brief', expiresAtMs: clock.now() + 1_000 });
    expect(keys.identifyNow('sk-configured')).toBe(await keys.identify('sk-configured'));
    expect(await keys.identify(brief.secret)).toBe(brief.key.id);
    expect(keys.identifyNow(brief.secret)).toBe(brief.key.id);
    expect(keys.identifyNow(`${brief.secret.slice(0, -1)}?`)).toBeUndefined();
    clock.advance(200);
    expect(keys.identifyNow(brief.secret)).toBeUndefined();
    clock.advance(800);
    await keys.checkForChanges();
    expect(keys.identifyNow(brief.secret)).toBeUndefined();
  });

  it('still count after the last one is revoked, until it is deleted', async () => {
    const { keys } = await openKeys();
    expect(keys.isEmpty).toBe(true);
    const { key } = await keys.create({ name: 'only' });
    await keys.revoke(key.id);
    expect(keys.isEmpty).toBe(false);
    await keys.forget(key.id);
    expect(keys.isEmpty).toBe(true);
  });

  it.each([
    ['an empty name', { name: '  ' }, 'name'],
    ['a name of two lines', { name: 'a\nb' }, 'name'],
    ['a name without end', { name: 'x'.repeat(101) }, 'name'],
    ['a date in the past', { name: 'x', expiresAtMs: 1 }, 'expiresAt'],
    ['an owner of two lines', { name: 'x', owner: 'a\nb' }, 'owner'],
    ['a note without end', { name: 'x', note: 'x'.repeat(1_001) }, 'note'],
    ['a group that is not a name', { name: 'x', group: 'Team A' }, 'group'],
    ['a pattern with a space', { name: 'x', models: ['claude *'] }, 'models'],
    ['an empty pattern', { name: 'x', models: [''] }, 'models'],
    ['too many patterns', { name: 'x', models: Array.from({ length: 101 }, (_, i) => `m${i}`) }, 'models'],
    ['no request a minute', { name: 'x', requestsPerMinute: 0 }, 'requestsPerMinute'],
    ['half a request at once', { name: 'x', concurrency: 0.5 }, 'concurrency'],
    ['tokens that are not a number', { name: 'x', tokensPerMinute: Number.NaN }, 'tokensPerMinute'],
    ['credits below zero', { name: 'x', creditsPerDay: -1 }, 'creditsPerDay'],
    ['endless credits', { name: 'x', creditsPerMonth: Number.POSITIVE_INFINITY }, 'creditsPerMonth'],
  ])('are not created with %s', async (_, wanted, param) => {
    const { keys, table } = await openKeys();
    await expect(keys.create(wanted)).rejects.toMatchObject({ code: 'invalid_request', param });
    expect(table.rows.size).toBe(0);
  });

  it('cannot be revoked or deleted if there is none of that id', async () => {
    const { keys } = await openKeys();
    await expect(keys.revoke('key-none')).rejects.toMatchObject({ code: 'not_found' });
    await expect(keys.forget('key-none')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('apply to all processes: new ones at once, revoked ones within moments', async () => {
    const { keys, clock, table } = await openKeys();
    const { keys: theirs } = await openKeys({ table });
    const { key, secret } = await theirs.create({ name: 'laptop' });
    expect(await keys.identify(secret)).toBe(key.id);
    await theirs.revoke(key.id);
    clock.advance(200);
    await expect(keys.identify(secret)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('cost no database query while nothing changes', async () => {
    const { keys, clock, table } = await openKeys();
    const { secret } = await keys.create({ name: 'laptop' });
    const { lists } = table.state;
    for (let request = 0; request < 50; request++) {
      clock.advance(100);
      await keys.identify(secret);
    }
    expect(table.state.lists).toBe(lists);
  });

  it('record when they were last used, and save that on close', async () => {
    const { keys, clock, table } = await openKeys();
    const { key, secret } = await keys.create({ name: 'laptop' });
    expect(keys.list()[0]?.lastUsedAtMs).toBeUndefined();
    await keys.identify(secret);
    expect(keys.list()[0]?.lastUsedAtMs).toBe(clock.now());
    await keys.close();
    expect(table.rows.get(key.id)?.lastUsedAtMs).toBe(clock.now());
  });

  it('still work while the database fails', async () => {
    const { keys, clock, table } = await openKeys();
    const { key, secret } = await keys.create({ name: 'laptop' });
    table.state.isBroken = true;
    clock.advance(1_000);
    expect(await keys.identify(secret)).toBe(key.id);
    await expect(keys.create({ name: 'other' })).rejects.toThrow('the disk is full');
    await keys.close();
    expect(keys.list()[0]?.lastUsedAtMs).toBe(clock.now());
  });
});

describe('changes to a key', () => {
  it('set, keep and clear its fields', async () => {
    const { keys } = await openKeys();
    const { key } = await keys.create({ name: 'laptop', owner: 'alice', creditsPerDay: 0.5, models: ['claude-*'] });
    expect(key).toMatchObject({ owner: 'alice', enabled: true, creditsPerDay: 0.5, requestsPerMinute: undefined });
    const changed = await keys.change(key.id, {
      name: 'tower',
      requestsPerMinute: 30,
      creditsPerDay: null,
      models: [],
    });
    expect(changed).toMatchObject({ name: 'tower', owner: 'alice', requestsPerMinute: 30 });
    expect([changed.creditsPerDay, changed.models]).toEqual([undefined, undefined]);
  });

  it('change nothing if one of them is invalid', async () => {
    const { keys } = await openKeys();
    const { key } = await keys.create({ name: 'laptop' });
    const refused = keys.change(key.id, { name: 'tower', concurrency: 0 });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', param: 'concurrency' });
    expect(keys.list()[0]?.name).toBe('laptop');
  });

  it('disable it until it is enabled again, in every process', async () => {
    const { keys, clock, table } = await openKeys();
    const { keys: theirs } = await openKeys({ table });
    const { key, secret } = await keys.create({ name: 'laptop' });
    await theirs.change(key.id, { enabled: false });
    clock.advance(200);
    await expect(keys.identify(secret)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('disabled'),
    });
    expect(keys.usable).toBe(0);
    await theirs.change(key.id, { enabled: true });
    clock.advance(200);
    expect(await keys.identify(secret)).toBe(key.id);
  });

  it('are refused once it is revoked, and for a key that does not exist', async () => {
    const { keys } = await openKeys();
    const { key } = await keys.create({ name: 'laptop' });
    await keys.revoke(key.id);
    const attempts = [() => keys.change(key.id, { enabled: true }), () => keys.rotate(key.id, 0)];
    for (const attempt of attempts)
      await expect(attempt()).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining('is revoked'),
      });
    await expect(keys.change('key-none', {})).rejects.toMatchObject({ code: 'not_found' });
    await expect(keys.rotate('key-none', 0)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a rotated key', () => {
  it('has a new secret at once, and its old one until the grace period ends', async () => {
    const { keys, clock } = await openKeys();
    const made = await keys.create({ name: 'laptop', owner: 'alice' });
    const rotated = await keys.rotate(made.key.id, 60);
    expect(rotated.secret).not.toBe(made.secret);
    expect(rotated.key).toMatchObject({ id: made.key.id, prefix: made.key.prefix, owner: 'alice' });
    for (const secret of [made.secret, rotated.secret]) expect(await keys.identify(secret)).toBe(made.key.id);
    clock.advance(60_000);
    await expect(keys.identify(made.secret)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('was replaced'),
    });
    expect(await keys.identify(rotated.secret)).toBe(made.key.id);
    expect([keys.identifyNow(made.secret), keys.identifyNow(rotated.secret)]).toEqual([undefined, made.key.id]);
  });

  it('has no old secret without a grace period, and only the latest old one after two rotations', async () => {
    const { keys } = await openKeys();
    const made = await keys.create({ name: 'laptop' });
    const second = await keys.rotate(made.key.id, 0);
    await expect(keys.identify(made.secret)).rejects.toMatchObject({ code: 'unauthorized' });
    const third = await keys.rotate(made.key.id, 60);
    expect(await keys.identify(made.secret)).toBeUndefined();
    for (const { secret } of [second, third]) expect(await keys.identify(secret)).toBe(made.key.id);
  });

  it('moves a key of an earlier version to the current form, and keeps its id', async () => {
    const { keys, table } = await openKeys();
    const { key } = await keys.create({ name: 'laptop' });
    const earlier = `dgm-${'a'.repeat(40)}`;
    const hash = createHash('sha256').update(earlier).digest();
    await table.open().add({ ...key, prefix: earlier.slice(0, 12), hash });
    await keys.catchUp();
    expect(await keys.identify(earlier)).toBe(key.id);
    const { secret } = await keys.rotate(key.id, 60);
    expect(secret).toMatch(/^dg-[0-9a-f]{12}-/);
    for (const one of [earlier, secret]) expect(await keys.identify(one)).toBe(key.id);
  });

  it.each([-1, Number.NaN, 90 * 86_400 + 1])('is refused with a grace period of %s seconds', async (graceS) => {
    const { keys } = await openKeys();
    const { key } = await keys.create({ name: 'laptop' });
    await expect(keys.rotate(key.id, graceS)).rejects.toMatchObject({ param: 'graceSeconds' });
  });
});
