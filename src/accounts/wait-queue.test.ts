import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { Clock } from '../core/clock.ts';
import { WaitQueue } from './wait-queue.ts';

/** The deadline never passes. */
const PATIENT: Clock = { ...createFakeClock(), sleep: () => new Promise(() => {}) };
const worth = () => true;

describe('WaitQueue', () => {
  it('serves requests in FIFO order, once each', async () => {
    const line = new WaitQueue<string>(PATIENT);
    const free: string[] = [];
    const waits = [1, 2, 3].map(() => line.wait(() => free.shift(), 1_000, undefined));
    free.push('one', 'two');
    line.serve(worth);
    expect(line.length).toBe(1);
    free.push('three');
    line.serve(worth);
    expect(await Promise.all(waits)).toEqual(['one', 'two', 'three']);
    expect(line.length).toBe(0);
  });

  it('offers a slot to the next request if the first cannot use it', async () => {
    const line = new WaitQueue<string>(PATIENT);
    let ofUse: string | undefined;
    const first = line.wait(() => ofUse, 1_000, undefined);
    const second = line.wait(() => 'second', 1_000, undefined);
    line.serve(worth);
    expect(await second).toBe('second');
    ofUse = 'first';
    line.serve(worth);
    expect(await first).toBe('first');
  });

  it('stops offering once no slot is left', () => {
    const line = new WaitQueue<string>(PATIENT);
    const offered: number[] = [];
    for (const number of [1, 2, 3]) void line.wait(() => void offered.push(number), 1_000, undefined);
    line.serve(() => offered.length < 2);
    expect(offered).toEqual([1, 2]);
  });

  it('resolves with undefined at the deadline', async () => {
    const clock = createFakeClock();
    const line = new WaitQueue<string>(clock);
    expect(await line.wait(() => undefined, 7_000, undefined)).toBeUndefined();
    expect(clock.sleeps).toEqual([7_000]);
    expect(line.length).toBe(0);
  });

  it('removes a request whose client disconnects', async () => {
    const line = new WaitQueue<string>(PATIENT);
    const gone = new AbortController();
    const wait = line.wait(() => expect.fail('he is not there any more'), 1_000, gone.signal);
    gone.abort(new Error('left'));
    await expect(wait).rejects.toThrow('left');
    expect(line.length).toBe(0);
    line.serve(worth);
    await expect(line.wait(() => undefined, 1_000, gone.signal)).rejects.toThrow('left');
  });

  it('rejects when waiting has become useless', async () => {
    const line = new WaitQueue<string>(PATIENT);
    const wait = line.wait(
      () => {
        throw new Error('no account is left');
      },
      1_000,
      undefined,
    );
    line.serve(worth);
    await expect(wait).rejects.toThrow('no account is left');
  });
});
