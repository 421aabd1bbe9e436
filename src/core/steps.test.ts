import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Steps, TimeSlices } from './steps.ts';

/** A clock that moves by `stepMs` with each step of the work. */
function setup(stepMs: number) {
  let nowMs = 0;
  const slices = new TimeSlices(() => nowMs);
  const done: string[] = [];
  function* work(name: string, steps: number): Steps<string> {
    for (let i = 0; i < steps; i++) {
      nowMs += stepMs;
      done.push(name);
      yield;
    }
    return name;
  }
  return { slices, work, done };
}

describe('TimeSlices', () => {
  it('runs short work without a turn of the event loop', async () => {
    const { slices, work } = setup(1);
    let hasTurned = false;
    const turn = setImmediate().then(() => {
      hasTurned = true;
    });
    expect(await slices.run(work('a', 9))).toBe('a');
    expect(hasTurned).toBe(false);
    await turn;
  });

  it('returns at once what short work returns or throws', async () => {
    const { slices, work } = setup(1);
    expect(slices.start(work('a', 9))).toBe('a');
    // biome-ignore lint/correctness/useYield: it fails in its first step
    function* failing(): Steps<string> {
      throw new Error('broken');
    }
    expect(() => slices.start(failing())).toThrow('broken');
    const long = slices.start(work('b', 10));
    expect(long).toBeInstanceOf(Promise);
    expect(await long).toBe('b');
  });

  it('lets the event loop turn after each slice, whatever the number of callers', async () => {
    const { slices, work, done } = setup(5);
    const results = Promise.all(['a', 'b', 'c'].map((name) => slices.run(work(name, 4))));
    const perTurn: string[] = [];
    for (let seen = 0; done.length < 12; seen = done.length) {
      await setImmediate();
      perTurn.push(done.slice(seen).join(''));
    }
    expect(await results).toEqual(['a', 'b', 'c']);
    // Two steps fill a slice, and what is seen at once may be the work of two slices.
    expect(perTurn.length).toBeGreaterThanOrEqual(3);
    for (const steps of perTurn) expect(steps.length).toBeLessThanOrEqual(4);
  });

  it('takes callers in turn, one step each where a step is longer than a slice', async () => {
    const { slices, work, done } = setup(1_000);
    await Promise.all(['a', 'b'].map((name) => slices.run(work(name, 3))));
    expect(done.join('')).toBe('aababb');
  });

  it('runs short work of many callers in one slice', async () => {
    const { slices, work, done } = setup(1);
    const results = Promise.all(Array.from({ length: 100 }, (_, i) => slices.run(work(`${i}`, 1))));
    let turns = 0;
    for (; done.length < 100; turns++) await setImmediate();
    await results;
    expect(done).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
    expect(turns).toBeLessThanOrEqual(12);
  });

  it('rejects with what a step throws, and goes on with the others', async () => {
    const { slices, work } = setup(20);
    // biome-ignore lint/correctness/useYield: it fails in its first step
    function* failing(): Steps<string> {
      throw new Error('broken');
    }
    const results = await Promise.allSettled([
      slices.run(work('a', 2)),
      slices.run(failing()),
      slices.run(work('b', 2)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
