import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import { prepareAdminToken, resetAdminToken } from './admin-token.ts';
import type { AdminTokenStore } from './stored-keys.ts';

function createTokenStore() {
  const state = { hash: undefined as Uint8Array | undefined, reads: 0, isBroken: false };
  const store: AdminTokenStore = {
    async find() {
      state.reads += 1;
      if (state.isBroken) throw new GatewayError('storage_unavailable', 'the disk is full');
      return state.hash;
    },
    async keep(hash) {
      state.hash ??= hash;
      return state.hash;
    },
    async replace(hash) {
      state.hash = hash;
    },
  };
  const clock = createFakeClock();
  const prepare = (configured?: string, from = store) =>
    prepareAdminToken({ configured, store: from, clock, log: SILENT });
  return { state, store, clock, prepare };
}

describe('the admin token', () => {
  it('is generated once, returned once, and stored as a hash', async () => {
    const { state, prepare } = createTokenStore();
    const { made = '', isRight } = await prepare();
    expect(made).toMatch(/^dgm-admin-[\w-]{43}$/);
    expect(await Promise.all([isRight(made), isRight(`${made}x`), isRight('')])).toEqual([true, false, false]);
    expect(Buffer.from(state.hash ?? []).toString('latin1')).not.toContain(made);
    const again = await prepare();
    expect([again.made, await again.isRight(made)]).toEqual([undefined, true]);
  });

  it('of the settings wins over the generated one', async () => {
    const { prepare } = createTokenStore();
    const { made = '' } = await prepare();
    const { isRight } = await prepare('a token of the settings');
    expect([await isRight('a token of the settings'), await isRight(made)]).toEqual([true, false]);
  });

  it('of two gateways that start at once is one', async () => {
    const { store, prepare } = createTokenStore();
    const slow: AdminTokenStore = { ...store, find: async () => undefined };
    const [first, second] = await Promise.all([prepare(undefined, slow), prepare(undefined, slow)]);
    const made = [first.made, second.made].filter((token) => token !== undefined);
    expect(made).toHaveLength(1);
    expect(await Promise.all([first.isRight(made[0] ?? ''), second.isRight(made[0] ?? '')])).toEqual([true, true]);
  });

  it('is replaced by a reset, which a running gateway notices', async () => {
    const { store, clock, prepare } = createTokenStore();
    const { made = '', isRight } = await prepare();
    const next = await resetAdminToken(store);
    clock.advance(200);
    expect([next === made, await isRight(next), await isRight(made)]).toEqual([false, true, false]);
  });

  it('is read again at most five times a second, however many wrong ones come', async () => {
    const { state, clock, prepare } = createTokenStore();
    const { isRight } = await prepare();
    const { reads } = state;
    clock.advance(200);
    for (let count = 0; count < 100; count++) await isRight('wrong');
    expect(state.reads).toBe(reads + 1);
  });

  it('stays valid while the database fails', async () => {
    const { state, clock, prepare } = createTokenStore();
    const { made = '', isRight } = await prepare();
    state.isBroken = true;
    clock.advance(200);
    expect(await isRight(made)).toBe(true);
  });
});
