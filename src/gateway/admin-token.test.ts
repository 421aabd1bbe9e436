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
    async putIfAbsent(hash) {
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
    const { generated = '', matches } = await prepare();
    expect(generated).toMatch(/^dgm-admin-[\w-]{43}$/);
    expect(await Promise.all([matches(generated), matches(`${generated}x`), matches('')])).toEqual([
      true,
      false,
      false,
    ]);
    expect(Buffer.from(state.hash ?? []).toString('latin1')).not.toContain(generated);
    const again = await prepare();
    expect([again.generated, await again.matches(generated)]).toEqual([undefined, true]);
  });

  it('from the settings takes precedence over the generated one', async () => {
    const { prepare } = createTokenStore();
    const { generated = '' } = await prepare();
    const { matches } = await prepare('a token of the settings');
    expect([await matches('a token of the settings'), await matches(generated)]).toEqual([true, false]);
  });

  it('is the same for two gateways that start at once', async () => {
    const { store, prepare } = createTokenStore();
    const slow: AdminTokenStore = { ...store, find: async () => undefined };
    const [first, second] = await Promise.all([prepare(undefined, slow), prepare(undefined, slow)]);
    const tokens = [first.generated, second.generated].filter((token) => token !== undefined);
    expect(tokens).toHaveLength(1);
    expect(await Promise.all([first.matches(tokens[0] ?? ''), second.matches(tokens[0] ?? '')])).toEqual([true, true]);
  });

  it('is replaced by a reset, which a running gateway notices', async () => {
    const { store, clock, prepare } = createTokenStore();
    const { generated = '', matches } = await prepare();
    const next = await resetAdminToken(store);
    clock.advance(200);
    expect([next === generated, await matches(next), await matches(generated)]).toEqual([false, true, false]);
  });

  it('is read again at most five times a second, however many wrong tokens arrive', async () => {
    const { state, clock, prepare } = createTokenStore();
    const { matches } = await prepare();
    const { reads } = state;
    clock.advance(200);
    for (let count = 0; count < 100; count++) await matches('wrong');
    expect(state.reads).toBe(reads + 1);
  });

  it('stays valid while the database fails', async () => {
    const { state, clock, prepare } = createTokenStore();
    const { generated = '', matches } = await prepare();
    state.isBroken = true;
    clock.advance(200);
    expect(await matches(generated)).toBe(true);
  });
});
