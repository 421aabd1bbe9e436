import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { Clock } from '../core/clock.ts';
import { createApiKeyCheck } from '../gateway/api-keys.ts';
import { KeyGuard } from './auth.ts';

const right = { 'x-api-key': 'right' };
const wrong = { 'x-api-key': 'wrong' };

/** A clock whose sleepers wake when the test says so. */
function createStoppedClock() {
  const sleepers: (() => void)[] = [];
  const clock: Clock = { now: () => 0, random: () => 0, sleep: () => new Promise((resolve) => sleepers.push(resolve)) };
  return { clock, sleepers };
}

async function codeOf(answer: Promise<string>): Promise<string> {
  return answer.then(
    () => 'let in',
    (error) => error.code,
  );
}

describe('the key guard', () => {
  it('slows down whoever guesses, and nobody else', async () => {
    const clock = createFakeClock();
    const guard = new KeyGuard(createApiKeyCheck(['right']), clock);
    for (let guess = 0; guess < 12; guess++)
      expect(await codeOf(guard.identify(wrong, '10.0.0.1'))).toBe('unauthorized');
    expect(clock.sleeps).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('let in');
    expect(await codeOf(guard.identify(wrong, '10.0.0.2'))).toBe('unauthorized');
    expect(clock.sleeps).toHaveLength(7);
  });

  it('looks at no further key of an address while too many wrong ones wait', async () => {
    const { clock, sleepers } = createStoppedClock();
    const guard = new KeyGuard(createApiKeyCheck(['right']), clock);
    const guesses = Array.from({ length: 37 }, () => codeOf(guard.identify(wrong, '10.0.0.1')));
    await Promise.all(guesses.slice(0, 5));
    expect(sleepers).toHaveLength(32);
    expect(await codeOf(guard.identify(wrong, '10.0.0.1'))).toBe('rate_limited');
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('rate_limited');
    expect(await codeOf(guard.identify(right, '10.0.0.2'))).toBe('let in');
    for (const wake of sleepers) wake();
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(['unauthorized']));
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('let in');
  });

  it('lets in whoever was let in before, from the address of a guesser too, until the key is revoked', async () => {
    const { clock, sleepers } = createStoppedClock();
    let keys = ['right', 'other'];
    const guard = new KeyGuard((key) => createApiKeyCheck(keys)(key), clock);
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('let in');
    const guesses = Array.from({ length: 37 }, () => codeOf(guard.identify(wrong, '10.0.0.1')));
    await Promise.all(guesses.slice(0, 5));
    expect(sleepers).toHaveLength(32);
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('let in');
    expect(await codeOf(guard.identify({ authorization: 'Bearer right' }, '10.0.0.1'))).toBe('let in');
    expect(await codeOf(guard.identify({ 'x-api-key': 'other' }, '10.0.0.1'))).toBe('rate_limited');
    keys = ['other'];
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('rate_limited');
    keys = ['right'];
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('rate_limited');
    for (const wake of sleepers) wake();
    await Promise.all(guesses);
  });

  it('forgets after ten minutes, and takes a /64 for one address', async () => {
    const clock = createFakeClock();
    const guard = new KeyGuard(createApiKeyCheck(['right']), clock);
    for (let guess = 0; guess < 6; guess++) await codeOf(guard.identify(wrong, `2001:db8:0:1::${guess}`));
    expect(clock.sleeps).toEqual([100]);
    clock.advance(600_000);
    await codeOf(guard.identify(wrong, '2001:db8:0:1::9'));
    expect(clock.sleeps).toEqual([100]);
  });

  it('remembers a bounded number of addresses', async () => {
    const clock = createFakeClock();
    const guard = new KeyGuard(createApiKeyCheck(['right']), clock);
    for (let guess = 0; guess < 5; guess++) await codeOf(guard.identify(wrong, 'first'));
    for (let other = 0; other < 10_000; other++) await codeOf(guard.identify(wrong, `other-${other}`));
    await codeOf(guard.identify(wrong, 'first'));
    expect(clock.sleeps).toEqual([]);
  });
});
