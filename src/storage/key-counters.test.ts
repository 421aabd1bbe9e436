/** The counters of two replicas on one PostgreSQL server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { systemClock } from '../transport/clock.ts';
import { openStore } from './open.ts';

const NONE = { requestsPerMinute: undefined, tokensPerMinute: undefined, concurrency: undefined };

async function openReplicas() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const home = mkdtempSync(join(tmpdir(), 'dragoman-counters-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const open = async () => {
    const store = await openStore({ url: database.url, home, secretKey: 'k'.repeat(32), clock: systemClock });
    const counters = await store.keyCounters?.();
    if (!counters) throw new Error('PostgreSQL counts for all replicas.');
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= store.close();
      return closing;
    };
    onTestFinished(close);
    return { counters, close };
  };
  return [await open(), await open()] as const;
}

describe('replicas', () => {
  it('share the requests of a minute', async () => {
    const [one, other] = await openReplicas();
    const limits = { ...NONE, requestsPerMinute: 3 };
    const begin = ({ counters }: typeof one) => counters.begin('key-1', limits);
    const begun = [await begin(one), await begin(other), await begin(one), await begin(other), await begin(one)];
    expect(begun.map(({ reached }) => reached)).toEqual([
      ...[undefined, undefined, undefined],
      ...['requestsPerMinute', 'requestsPerMinute'],
    ]);
    expect(begun.map(({ requests }) => requests?.used)).toEqual([1, 2, 3, 4, 5]);
    expect(begun[0]?.requests?.resetsInMs).toBeGreaterThan(50_000);
    expect((await other.counters.begin('key-2', limits)).requests?.used).toBe(1);
  });

  it('share the tokens of a minute, more than 32 bits of them', async () => {
    const [one, other] = await openReplicas();
    const limits = { ...NONE, tokensPerMinute: 1_000_000_000 };
    expect((await other.counters.begin('key-1', limits)).reached).toBeUndefined();
    for (let reply = 0; reply < 3; reply++) one.counters.charge('key-1', 999_999_999);
    await vi.waitFor(async () => {
      const begun = await other.counters.begin('key-1', limits);
      expect(begun).toMatchObject({ reached: 'tokensPerMinute', tokens: { used: 2_999_999_997 } });
    }, 10_000);
  });

  it('share the requests at once, also when they begin at the same moment', async () => {
    const [one, other] = await openReplicas();
    const limits = { ...NONE, concurrency: 4 };
    const counters = Array.from({ length: 12 }, (_, number) => (number % 2 === 0 ? one : other).counters);
    const begun = await Promise.all(counters.map((own) => own.begin('key-1', limits)));
    expect(begun.filter(({ reached }) => reached === undefined)).toHaveLength(4);
    expect(await one.counters.read('key-1')).toMatchObject({ open: 4 });
    for (const [number, { slot }] of begun.entries()) if (slot !== undefined) counters[number]?.end(slot);
    await vi.waitFor(async () => expect(await other.counters.read('key-1')).toMatchObject({ open: 0 }), 10_000);
    expect((await one.counters.begin('key-1', limits)).reached).toBeUndefined();
  });

  it('go on alone, still limited, when the server is gone', async () => {
    const [one, other] = await openReplicas();
    const limits = { ...NONE, requestsPerMinute: 2, concurrency: 1 };
    await one.close();
    const first = await one.counters.begin('key-1', limits);
    expect([first.reached, (await one.counters.begin('key-1', limits)).reached]).toEqual([undefined, 'concurrency']);
    one.counters.end(first.slot ?? '');
    expect((await one.counters.begin('key-1', limits)).reached).toBeUndefined();
    expect((await other.counters.begin('key-1', limits)).requests?.used).toBe(1);
  });
});
