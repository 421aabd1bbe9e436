import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import { systemClock } from '../transport/clock.ts';
import { UsageLimitsReader } from './usage-limits.ts';

const LIMITS = { plan: 'KIRO PRO', resetAtMs: undefined, allowances: [], overage: undefined };
const MINUTE_MS = 60_000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setup(trouble?: GatewayError) {
  const asked: string[] = [];
  const signals: AbortSignal[] = [];
  const reader = new UsageLimitsReader({
    clock: systemClock,
    log: SILENT,
    async read(accountId, signal) {
      asked.push(accountId);
      signals.push(signal);
      if (trouble) throw trouble;
      return { limits: LIMITS, readAtMs: Date.now() };
    },
  });
  return { reader, asked, signals, wait: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe('usage limits', () => {
  it('are read once some seconds after many uses, of each account used', async () => {
    const { reader, asked, wait } = setup();
    for (const id of ['a', 'b', 'a', 'a']) reader.noteUse(id);
    await wait(4_999);
    expect(asked).toEqual([]);
    await wait(1);
    expect(asked).toEqual(['a', 'b']);
    expect(reader.find('a')?.limits).toEqual(LIMITS);
    expect(reader.find('c')).toBeUndefined();
  });

  it('are read once a minute while an account is used all the time, and once after the last use', async () => {
    const { reader, asked, wait } = setup();
    for (let second = 0; second < 300; second++) {
      reader.noteUse('a');
      await wait(1_000);
    }
    expect(asked).toHaveLength(5);
    await wait(10 * MINUTE_MS);
    expect(asked).toHaveLength(6);
  });

  it('are read at once when asked for, by one question for all who ask', async () => {
    const { reader, asked } = setup();
    const [one, other] = await Promise.all([reader.read('a'), reader.read('a')]);
    expect(one).toBe(other);
    expect(asked).toEqual(['a']);
    await reader.read('a');
    expect(asked).toHaveLength(2);
  });

  it('are looked at again an hour after they were used up', async () => {
    const { reader, asked, wait } = setup();
    reader.noteExhausted('a');
    await wait(59 * MINUTE_MS);
    expect(asked).toEqual([]);
    await wait(MINUTE_MS);
    expect(asked).toEqual(['a']);
  });

  it('of a suspended account are read when it is due, whatever was planned before', async () => {
    const { reader, asked, wait } = setup();
    reader.noteUse('a');
    reader.noteSuspended('a', 4 * 60 * MINUTE_MS);
    await wait(239 * MINUTE_MS);
    expect(asked).toEqual([]);
    await wait(MINUTE_MS);
    expect(asked).toEqual(['a']);
    reader.noteSuspended('b', 1e300);
    reader.noteSuspended('c', -5);
    await wait(5_000);
    expect(asked).toEqual(['a', 'c']);
    await wait(24 * 60 * MINUTE_MS);
    expect(asked).toEqual(['a', 'c', 'b']);
  });

  it('fail silently if they cannot be read, and the last known ones stay', async () => {
    const { reader, asked, wait } = setup(new GatewayError('upstream_broken', 'no'));
    reader.noteUse('a');
    await wait(5_000);
    expect(asked).toEqual(['a']);
    await expect(reader.read('a')).rejects.toMatchObject({ code: 'upstream_broken' });
    expect(reader.find('a')).toBeUndefined();
  });

  it('are asked for four times an hour where they cannot be had', async () => {
    const { reader, asked, wait } = setup(new GatewayError('permission_denied', 'no'));
    for (let minute = 0; minute < 60; minute++) {
      reader.noteUse('a');
      await wait(MINUTE_MS);
    }
    expect(asked).toHaveLength(4);
  });

  it('are forgotten with the account, and not read after the end', async () => {
    const { reader, asked, signals, wait } = setup();
    await reader.read('a');
    reader.noteUse('a');
    reader.forget('a');
    expect(reader.find('a')).toBeUndefined();
    reader.noteUse('b');
    reader.close();
    reader.noteUse('c');
    await wait(60 * MINUTE_MS);
    expect(asked).toEqual(['a']);
    expect(signals[0]?.aborted).toBe(true);
  });
});
