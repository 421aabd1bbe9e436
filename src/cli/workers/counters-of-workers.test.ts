import { describe, expect, it } from 'vitest';
import { CountersOfWorkers } from './counters-of-workers.ts';
import { WorkerCounters } from './worker-counters.ts';

const NONE = { requestsPerMinute: undefined, tokensPerMinute: undefined, concurrency: undefined };

/** Two workers and their parent, with messages copied as between processes. */
function setup() {
  const parent = new CountersOfWorkers<object>();
  const start = () => {
    const worker = {};
    parent.began(worker);
    const counters: WorkerCounters = new WorkerCounters((id, request) => {
      void parent
        .answer(worker, structuredClone(request))
        .then((answer) => counters.receive(id, structuredClone(answer)));
    });
    return { counters, end: () => parent.ended(worker) };
  };
  return [start(), start()] as const;
}

describe('workers', () => {
  it('share the requests and tokens of a minute', async () => {
    const [one, other] = setup();
    const limits = { ...NONE, requestsPerMinute: 2, tokensPerMinute: 100 };
    expect((await one.counters.begin('key-1', limits)).requests?.used).toBe(1);
    expect((await other.counters.begin('key-1', limits)).requests?.used).toBe(2);
    expect((await one.counters.begin('key-1', limits)).reached).toBe('requestsPerMinute');
    other.counters.charge('key-1', 100);
    expect((await one.counters.begin('key-1', limits)).reached).toBe('tokensPerMinute');
    expect(await other.counters.read('key-1')).toMatchObject({ requests: { used: 3 }, tokens: { used: 100 }, open: 0 });
  });

  it('share the requests at once, and free them when they end', async () => {
    const [one, other] = setup();
    const limits = { ...NONE, concurrency: 2 };
    const first = await one.counters.begin('key-1', limits);
    const second = await other.counters.begin('key-1', limits);
    expect([first.reached, second.reached]).toEqual([undefined, undefined]);
    expect((await one.counters.begin('key-1', limits)).reached).toBe('concurrency');
    one.counters.end(first.slot ?? '');
    expect((await other.counters.begin('key-1', limits)).reached).toBeUndefined();
    expect((await one.counters.begin('key-1', limits)).reached).toBe('concurrency');
    other.end();
    expect(await one.counters.read('key-1')).toMatchObject({ open: 0 });
  });

  it('hold nothing after their end', async () => {
    const [one, other] = setup();
    const begun = other.counters.begin('key-1', { ...NONE, concurrency: 1 });
    other.end();
    await begun;
    expect(await one.counters.read('key-1')).toMatchObject({ open: 0 });
  });
});
