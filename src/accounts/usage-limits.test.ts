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
  const reads: string[] = [];
  const signals: AbortSignal[] = [];
  const reader = new UsageLimitsReader({
    clock: systemClock,
    log: SILENT,
    async read(accountId, signal) {
      reads.push(accountId);
      signals.push(signal);
      if (trouble) throw trouble;
      return { limits: LIMITS, readAtMs: Date.now() };
    },
  });
  return { reader, reads, signals, wait: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe('usage limits', () => {
  it('are read once per account, a few seconds after its uses', async () => {
    const { reader, reads, wait } = setup();
    for (const id of ['a', 'b', 'a', 'a']) reader.noteUse(id);
    await wait(4_999);
    expect(reads).toEqual([]);
    await wait(1);
    expect(reads).toEqual(['a', 'b']);
    expect(reader.find('a')?.limits).toEqual(LIMITS);
    expect(reader.find('c')).toBeUndefined();
  });

  it('are read once a minute while an account is in constant use, and once after the last use', async () => {
    const { reader, reads, wait } = setup();
    for (let second = 0; second < 300; second++) {
      reader.noteUse('a');
      await wait(1_000);
    }
    expect(reads).toHaveLength(5);
    await wait(10 * MINUTE_MS);
    expect(reads).toHaveLength(6);
  });

  it('are read at once on request, with one reading for concurrent requests', async () => {
    const { reader, reads } = setup();
    const [one, other] = await Promise.all([reader.read('a'), reader.read('a')]);
    expect(one).toBe(other);
    expect(reads).toEqual(['a']);
    await reader.read('a');
    expect(reads).toHaveLength(2);
  });

  it('are read again an hour after they were used up', async () => {
    const { reader, reads, wait } = setup();
    reader.noteExhausted('a');
    await wait(59 * MINUTE_MS);
    expect(reads).toEqual([]);
    await wait(MINUTE_MS);
    expect(reads).toEqual(['a']);
  });

  it('of a suspended account are read when it is due, whatever was scheduled before', async () => {
    const { reader, reads, wait } = setup();
    reader.noteUse('a');
    reader.noteSuspended('a', 4 * 60 * MINUTE_MS);
    await wait(239 * MINUTE_MS);
    expect(reads).toEqual([]);
    await wait(MINUTE_MS);
    expect(reads).toEqual(['a']);
    reader.noteSuspended('b', 1e300);
    reader.noteSuspended('c', -5);
    await wait(5_000);
    expect(reads).toEqual(['a', 'c']);
    await wait(24 * 60 * MINUTE_MS);
    expect(reads).toEqual(['a', 'c', 'b']);
  });

  it('keep their last known values if they cannot be read', async () => {
    const { reader, reads, wait } = setup(new GatewayError('upstream_broken', 'no'));
    reader.noteUse('a');
    await wait(5_000);
    expect(reads).toEqual(['a']);
    await expect(reader.read('a')).rejects.toMatchObject({ code: 'upstream_broken' });
    expect(reader.find('a')).toBeUndefined();
  });

  it('are tried four times an hour if they cannot be read', async () => {
    const { reader, reads, wait } = setup(new GatewayError('permission_denied', 'no'));
    for (let minute = 0; minute < 60; minute++) {
      reader.noteUse('a');
      await wait(MINUTE_MS);
    }
    expect(reads).toHaveLength(4);
  });

  it('are read for a page if they are missing or five minutes old, and not again while an attempt runs', async () => {
    const { reader, reads, wait } = setup();
    reader.noteView('a');
    reader.noteView('a');
    expect(reader.state('a')).toEqual({ reading: undefined, error: undefined });
    await wait(0);
    expect(reader.state('a')).toMatchObject({ reading: { limits: LIMITS }, error: undefined });
    await wait(5 * MINUTE_MS - 1);
    reader.noteView('a');
    expect(reads).toEqual(['a']);
    await wait(1);
    reader.noteView('a');
    expect(reads).toEqual(['a', 'a']);
    reader.close();
    await wait(60 * MINUTE_MS);
    reader.noteView('a');
    expect(reads).toHaveLength(2);
  });

  it('of many accounts are read for a page a few at a time', async () => {
    const ends: (() => void)[] = [];
    const read = async () => {
      await new Promise<void>((resolve) => ends.push(resolve));
      return { limits: LIMITS, readAtMs: Date.now() };
    };
    const reader = new UsageLimitsReader({ clock: systemClock, log: SILENT, read });
    const ids = Array.from({ length: 20 }, (_, index) => `account-${index}`);
    for (const id of [...ids, ...ids]) reader.noteView(id);
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toHaveLength(8);
    for (let read = 0; read < ids.length; read++) {
      ends[read]?.();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(ends).toHaveLength(20);
    expect(ids.every((id) => reader.find(id) !== undefined)).toBe(true);
  });

  it('say why they could not be read, which pages do not repeat for a quarter of an hour', async () => {
    const { reader, reads, wait } = setup(new GatewayError('permission_denied', 'no'));
    reader.noteView('a');
    await wait(0);
    expect(reader.state('a')).toMatchObject({ reading: undefined, error: { code: 'permission_denied' } });
    await wait(15 * MINUTE_MS - 1);
    reader.noteView('a');
    expect(reads).toEqual(['a']);
    await wait(1);
    reader.noteView('a');
    expect(reads).toEqual(['a', 'a']);
    await wait(0);
    reader.forget('a');
    expect(reader.state('a').error).toBeUndefined();
    reader.noteView('a');
    expect(reads).toHaveLength(3);
  });

  it('are dropped with the account, and not read after close', async () => {
    const { reader, reads, signals, wait } = setup();
    await reader.read('a');
    reader.noteUse('a');
    reader.forget('a');
    expect(reader.find('a')).toBeUndefined();
    reader.noteUse('b');
    reader.close();
    reader.noteUse('c');
    await wait(60 * MINUTE_MS);
    expect(reads).toEqual(['a']);
    expect(signals[0]?.aborted).toBe(true);
  });
});
