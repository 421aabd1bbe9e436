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
    expect(secret).toMatch(/^dgm-[A-Za-z0-9]{40}$/);
    expect([key.name, key.prefix]).toEqual(['laptop', secret.slice(0, 12)]);
    expect(await keys.identify(secret)).toBe(key.id);
    expect(JSON.stringify([...table.rows.values()])).not.toContain(secret.slice(12));
  });

  it('are rejected if a character is wrong', async () => {
    const { keys } = await openKeys();
    const { secret } = await keys.create({ name: 'laptop' });
    for (const wrong of ['', secret.slice(0, 12), secret.slice(0, -1), `${secret}x`, secret.toLowerCase()])
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
