import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { checkOfKeys } from '../../test/support/key-check.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { hasKey, KEY_MESSAGES, KeyGuard } from './auth.ts';

const right = { 'x-api-key': 'right' };
const wrong = { 'x-api-key': 'wrong' };

/** A clock whose sleepers wake when the test calls it. */
function createStoppedClock() {
  const sleepers: (() => void)[] = [];
  const sleep = () => new Promise<void>((resolve) => sleepers.push(resolve));
  const clock: Clock = { ...createFakeClock(), sleep };
  return { clock, sleepers };
}

async function codeOf(answer: Promise<string>): Promise<string> {
  return answer.then(
    () => 'allowed',
    (error) => error.code,
  );
}

describe('the key guard', () => {
  it('slows down only the address that guesses', async () => {
    const clock = createFakeClock();
    const guard = new KeyGuard(checkOfKeys('right'), clock);
    for (let guess = 0; guess < 12; guess++)
      expect(await codeOf(guard.identify(wrong, '10.0.0.1'))).toBe('unauthorized');
    expect(clock.sleeps).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('allowed');
    expect(await codeOf(guard.identify(wrong, '10.0.0.2'))).toBe('unauthorized');
    expect(clock.sleeps).toHaveLength(7);
  });

  it('checks no further key from an address while too many wrong ones wait', async () => {
    const { clock, sleepers } = createStoppedClock();
    const guard = new KeyGuard(checkOfKeys('right'), clock);
    const guesses = Array.from({ length: 37 }, () => codeOf(guard.identify(wrong, '10.0.0.1')));
    await Promise.all(guesses.slice(0, 5));
    expect(sleepers).toHaveLength(32);
    expect(await codeOf(guard.identify(wrong, '10.0.0.1'))).toBe('rate_limited');
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('rate_limited');
    expect(await codeOf(guard.identify(right, '10.0.0.2'))).toBe('allowed');
    for (const wake of sleepers) wake();
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(['unauthorized']));
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('allowed');
  });

  it('accepts a known-good key from a guessing address too, until the key is revoked', async () => {
    const { clock, sleepers } = createStoppedClock();
    let keys = ['right', 'other'];
    const guard = new KeyGuard((key) => checkOfKeys(...keys)(key), clock);
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('allowed');
    const guesses = Array.from({ length: 37 }, () => codeOf(guard.identify(wrong, '10.0.0.1')));
    await Promise.all(guesses.slice(0, 5));
    expect(sleepers).toHaveLength(32);
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('allowed');
    expect(await codeOf(guard.identify({ authorization: 'Bearer right' }, '10.0.0.1'))).toBe('allowed');
    expect(await codeOf(guard.identify({ 'x-api-key': 'other' }, '10.0.0.1'))).toBe('rate_limited');
    keys = ['other'];
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('rate_limited');
    keys = ['right'];
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('rate_limited');
    for (const wake of sleepers) wake();
    await Promise.all(guesses);
  });

  it.each([
    { authorization: 'Bearer right', 'x-api-key': 'wrong' },
    { authorization: 'Bearer wrong', 'x-api-key': 'right' },
    { 'x-api-key': 'wrong', 'api-key': 'right' },
    { authorization: 'Bearer wrong', 'x-api-key': 'also-wrong', 'api-key': 'right' },
    { authorization: 'Basic cmlnaHQ6', 'x-api-key': 'right' },
  ])('accepts a request with one valid key among several: %o', async (headers) => {
    const clock = createFakeClock();
    const guard = new KeyGuard(checkOfKeys('right'), clock);
    for (let request = 0; request < 10; request++)
      expect(await codeOf(guard.identify(headers, '10.0.0.1'))).toBe('allowed');
    expect(clock.sleeps).toEqual([]);
  });

  it('counts a request with several wrong keys as one guess', async () => {
    const clock = createFakeClock();
    const guard = new KeyGuard(checkOfKeys('right'), clock);
    const headers = { authorization: 'Bearer a', 'x-api-key': 'b', 'api-key': 'c' };
    for (let guess = 0; guess < 7; guess++)
      expect(await codeOf(guard.identify(headers, '10.0.0.1'))).toBe('unauthorized');
    expect(clock.sleeps).toEqual([100, 200]);
  });

  it('gives the reason why a known key is not valid, and slows guesses beside it', async () => {
    const clock = createFakeClock();
    const expired = new GatewayError('unauthorized', 'This key expired.');
    const guard = new KeyGuard((key) => {
      if (key === 'old') throw expired;
      return key === 'right' ? 'client' : undefined;
    }, clock);
    await expect(guard.identify({ 'x-api-key': 'old' }, '10.0.0.1')).rejects.toBe(expired);
    expect(await guard.identify({ authorization: 'Bearer old', 'x-api-key': 'right' }, '10.0.0.1')).toBe('client');
    for (let guess = 0; guess < 6; guess++)
      await expect(guard.identify({ authorization: 'Bearer old', 'x-api-key': 'wrong' }, '10.0.0.1')).rejects.toBe(
        expired,
      );
    expect(clock.sleeps).toEqual([100]);
  });

  it('checks no unknown key beside a known one while their address is throttled', async () => {
    const { clock, sleepers } = createStoppedClock();
    const looked: string[] = [];
    const guard = new KeyGuard((key) => {
      looked.push(key);
      return key === 'right' ? 'client' : undefined;
    }, clock);
    await guard.identify(right, '10.0.0.1');
    const guesses = Array.from({ length: 37 }, () => codeOf(guard.identify(wrong, '10.0.0.1')));
    await Promise.all(guesses.slice(0, 5));
    expect(sleepers).toHaveLength(32);
    looked.length = 0;
    expect(await guard.identify({ authorization: 'Bearer unknown', 'x-api-key': 'right' }, '10.0.0.1')).toBe('client');
    expect(looked).toEqual(['right']);
    for (const wake of sleepers) wake();
    await Promise.all(guesses);
  });

  it('forgets after ten minutes, and treats a /64 as one address', async () => {
    const clock = createFakeClock();
    const guard = new KeyGuard(checkOfKeys('right'), clock);
    for (let guess = 0; guess < 6; guess++) await codeOf(guard.identify(wrong, `2001:db8:0:1::${guess}`));
    expect(clock.sleeps).toEqual([100]);
    clock.advance(600_000);
    await codeOf(guard.identify(wrong, '2001:db8:0:1::9'));
    expect(clock.sleeps).toEqual([100]);
  });

  it('counts the addresses of a /64 as one in every compressed form', async () => {
    const clock = createFakeClock();
    const guard = new KeyGuard(checkOfKeys('right'), clock);
    const addresses = ['2001:db8::1', '2001:db8::2:1', '2001:db8::3:0:1', '2001:db8::4:0:0:1', '2001:db8:0:0:5::'];
    for (const address of addresses) await codeOf(guard.identify(wrong, address));
    expect(clock.sleeps).toEqual([]);
    await codeOf(guard.identify(wrong, '2001:db8:0:0:6:7:8:9'));
    expect(clock.sleeps).toEqual([100]);
    await codeOf(guard.identify(wrong, '2001:db8:0:1::1'));
    expect(clock.sleeps).toEqual([100]);
  });

  it('identifies the usual request at once, and leaves every other to the check that may wait', async () => {
    const { clock, sleepers } = createStoppedClock();
    const check = checkOfKeys('right');
    const guard = new KeyGuard(check, clock, KEY_MESSAGES, check);
    const client = guard.identifyNow(right);
    expect(client).toBe(check('right'));
    expect(guard.identifyNow({ authorization: 'Bearer right', 'x-api-key': 'right' })).toBe(client);
    expect(guard.identifyNow({ authorization: 'Bearer own', 'x-api-key': 'right' })).toBeUndefined();
    expect(guard.identifyNow(wrong)).toBeUndefined();
    expect(guard.identifyNow({})).toBeUndefined();
    const guesses = Array.from({ length: 37 }, () => codeOf(guard.identify(wrong, '10.0.0.1')));
    await Promise.all(guesses.slice(0, 5));
    expect(guard.identifyNow(right)).toBeUndefined();
    // It counts as valid lately, as if `identify` had seen it.
    expect(await codeOf(guard.identify(right, '10.0.0.1'))).toBe('allowed');
    for (const wake of sleepers) wake();
    await Promise.all(guesses);
    expect(guard.identifyNow(right)).toBe(client);
  });

  it.each([
    ['Bearer right', true],
    ['bearer right', true],
    ['BEARER   right ', true],
    ['Bearer right wrong', false],
    ['Bearer right\twrong', false],
    ['Bearer', false],
    ['Bearer ', false],
    ['Bearer-right', false],
    ['Token right', false],
    ['right', false],
  ])('finds the key in `%s`: %s', (authorization, isFound) => {
    expect(hasKey({ authorization })).toBe(isFound);
  });

  it('remembers a bounded number of addresses', async () => {
    const clock = createFakeClock();
    const guard = new KeyGuard(checkOfKeys('right'), clock);
    for (let guess = 0; guess < 5; guess++) await codeOf(guard.identify(wrong, 'first'));
    for (let other = 0; other < 10_000; other++) await codeOf(guard.identify(wrong, `other-${other}`));
    await codeOf(guard.identify(wrong, 'first'));
    expect(clock.sleeps).toEqual([]);
  });
});
