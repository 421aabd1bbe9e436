import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import { type AccountOptions, DEFAULT_OPTIONS } from './options.ts';
import { Pace, type PacedStart } from './pace.ts';

const NOW = 1_000_000;
const refusal = (code: ErrorCode, retryAfterMs?: number) => new GatewayError(code, code, { retryAfterMs });

function startMany(pace: Pace, times: number, nowMs: number, options = DEFAULT_OPTIONS): PacedStart[] {
  return Array.from({ length: times }, () => pace.start(options, nowMs));
}

/** Number of further requests that may start now. */
function room(pace: Pace, options: AccountOptions = DEFAULT_OPTIONS, atMost = 1_000): number {
  const taken: PacedStart[] = [];
  while (taken.length < atMost && pace.hasRoom(options)) taken.push(pace.start(options, NOW));
  for (const paced of taken) pace.leave(paced);
  return taken.length;
}

/** Serves single requests until `until` returns true; returns their number. */
function serveUntil(pace: Pace, until: () => boolean): number {
  let nowMs = NOW;
  for (let served = 0; served < 10_000; served++) {
    if (until()) return served;
    const paced = pace.start(DEFAULT_OPTIONS, nowMs);
    nowMs = paced.startMs + 1;
    pace.finish(paced, undefined, nowMs);
  }
  return Number.POSITIVE_INFINITY;
}

describe("an account's pace", () => {
  it('is unlimited at first', () => {
    const pace = new Pace();
    expect(startMany(pace, 500, NOW).every(({ startMs }) => startMs === NOW)).toBe(true);
    expect(pace.hasRoom(DEFAULT_OPTIONS)).toBe(true);
    expect(pace.inFlight).toBe(500);
  });

  it('respects the limits that its owner has set', () => {
    const pace = new Pace();
    const options = { ...DEFAULT_OPTIONS, maxConcurrency: 3, minIntervalMs: 100 };
    const starts = startMany(pace, 3, NOW, options);
    expect(starts.map(({ startMs }) => startMs - NOW)).toEqual([0, 100, 200]);
    expect(pace.hasRoom(options)).toBe(false);
    expect(pace.startsInMs(NOW)).toBe(300);
    if (starts[0]) pace.finish(starts[0], undefined, NOW);
    expect(pace.hasRoom(options)).toBe(true);
    expect(pace.startsInMs(NOW)).toBe(300);
    expect(pace.startsInMs(NOW + 300)).toBe(0);
  });

  it.each<[string, number[], number[]]>([
    ['the last', [3], [300, 400]],
    ['all', [3, 2, 1, 0], [0, 100]],
    ['all, in the order they came', [0, 1, 2, 3], [0, 100]],
    ['the last two', [2, 3], [200, 300]],
    ['one between', [1], [100, 400]],
    ['two between', [2, 1], [100, 200, 400]],
  ])('is not slowed by starts that were given back: %s', (_name, indices, expected) => {
    const pace = new Pace();
    const options = { ...DEFAULT_OPTIONS, minIntervalMs: 100 };
    const starts = startMany(pace, 4, NOW, options);
    for (const index of indices) pace.leave(starts[index] ?? expect.fail());
    const after = expected.map(() => {
      const inMs = pace.startsInMs(NOW);
      expect(pace.start(options, NOW).startMs).toBe(NOW + inMs);
      return inMs;
    });
    expect(after).toEqual(expected);
  });

  it('reuses no start that was given back once its time has passed, and none during a pause', () => {
    const pace = new Pace();
    const options = { ...DEFAULT_OPTIONS, minIntervalMs: 100 };
    const [first, second, third] = startMany(pace, 4, NOW, options);
    if (second) pace.leave(second);
    expect(pace.startsInMs(NOW + 150)).toBe(250);
    if (third) pace.leave(third);
    expect(pace.startsInMs(NOW + 150)).toBe(50);
    if (first) pace.finish(first, refusal('upstream_throttled', 7_000), NOW + 150);
    expect(pace.startsInMs(NOW + 150)).toBe(7_000);
    const start = pace.start(options, NOW + 150);
    pace.leave(start);
    expect(pace.startsInMs(NOW + 150)).toBe(7_000);
  });

  it('keeps starts apart, whichever are given back', () => {
    const moves = fc.array(fc.tuple(fc.boolean(), fc.nat(9), fc.nat(150)), { maxLength: 60 });
    const keepsApart = (list: readonly (readonly [boolean, number, number])[]) => {
      const pace = new Pace();
      const options = { ...DEFAULT_OPTIONS, minIntervalMs: 100 };
      const starts: PacedStart[] = [];
      let nowMs = NOW;
      for (const [isStart, index, passedMs] of list) {
        nowMs += passedMs;
        if (isStart) starts.push(pace.start(options, nowMs));
        const [gone] = isStart ? [] : starts.splice(index, 1);
        // A request that has started has nothing to give back.
        if (gone && gone.startMs > nowMs) pace.leave(gone);
        else if (gone) starts.push(gone);
      }
      const times = starts.map(({ startMs }) => startMs).sort((a, b) => a - b);
      for (const [i, time] of times.entries()) expect(time - (times[i - 1] ?? 0)).toBeGreaterThanOrEqual(100);
    };
    fc.assert(fc.property(moves, keepsApart), { seed: 42, numRuns: 500 });
  });

  it('is halved by a refusal, and paused for a while', () => {
    const pace = new Pace();
    const [first, ...others] = startMany(pace, 8, NOW);
    if (first) pace.finish(first, refusal('upstream_throttled'), NOW + 10);
    expect(pace.startsInMs(NOW + 10)).toBe(1_500);
    for (const paced of others) pace.finish(paced, undefined, NOW + 20);
    expect(room(pace)).toBe(4);
  });

  it('is slowed once by many refusals of requests that started together', () => {
    const pace = new Pace();
    for (const paced of startMany(pace, 8, NOW)) pace.finish(paced, refusal('upstream_throttled'), NOW + 10);
    expect(pace.startsInMs(NOW + 10)).toBe(1_500);
    expect(room(pace)).toBe(4);
  });

  it('pauses longer after each refusal in a row, up to a minute', () => {
    const pace = new Pace();
    let nowMs = NOW;
    const holds: number[] = [];
    for (let times = 0; times < 7; times++) {
      const paced = pace.start(DEFAULT_OPTIONS, nowMs);
      nowMs = paced.startMs + 1;
      pace.finish(paced, refusal('upstream_throttled'), nowMs);
      holds.push(pace.startsInMs(nowMs));
      nowMs += pace.startsInMs(nowMs);
    }
    expect(holds).toEqual([1_500, 3_000, 6_000, 12_000, 24_000, 48_000, 60_000]);
  });

  it('obeys the retry time of the service, whichever request receives it', () => {
    const pace = new Pace();
    const [first, second] = startMany(pace, 2, NOW);
    if (first) pace.finish(first, refusal('upstream_throttled', 7_000), NOW + 10);
    expect(pace.startsInMs(NOW + 10)).toBe(7_000);
    if (second) pace.finish(second, refusal('upstream_throttled', 20_000), NOW + 20);
    expect(pace.startsInMs(NOW + 20)).toBe(20_000);
  });

  it('starts again with single requests after a warning', () => {
    const pace = new Pace();
    const [first, ...others] = startMany(pace, 8, NOW);
    if (first) pace.finish(first, refusal('account_throttled'), NOW + 10);
    for (const paced of others) pace.finish(paced, undefined, NOW + 20);
    expect(room(pace)).toBe(1);
    const { startMs } = pace.start(DEFAULT_OPTIONS, NOW + 60_000);
    expect(pace.startsInMs(startMs)).toBe(1_000);
  });

  it('relaxes a little with each success, until it is unlimited', () => {
    const pace = new Pace();
    pace.finish(pace.start(DEFAULT_OPTIONS, NOW), refusal('account_throttled'), NOW);
    const toTwo = serveUntil(pace, () => room(pace) >= 2);
    const toFour = serveUntil(pace, () => room(pace) >= 4);
    const toFree = serveUntil(pace, () => room(pace) === 1_000);
    expect([toTwo, toFour]).toEqual([1, 6]);
    expect(toFree).toBeGreaterThan(1_000);
    const { startMs } = pace.start(DEFAULT_OPTIONS, NOW * 1_000);
    expect(pace.startsInMs(startMs)).toBe(0);
  });

  it('is reset half an hour after the last refusal', () => {
    const pace = new Pace();
    pace.finish(pace.start(DEFAULT_OPTIONS, NOW), refusal('account_throttled'), NOW);
    const paced = pace.start(DEFAULT_OPTIONS, NOW + 1_799_999);
    expect(pace.hasRoom(DEFAULT_OPTIONS)).toBe(false);
    pace.leave(paced);
    const { startMs } = pace.start(DEFAULT_OPTIONS, NOW + 1_810_000);
    expect(pace.hasRoom(DEFAULT_OPTIONS)).toBe(true);
    expect(pace.startsInMs(startMs)).toBe(0);
  });

  it.each<ErrorCode>(['upstream_overloaded', 'upstream_broken', 'client_closed', 'quota_exhausted', 'invalid_request'])(
    'is not slowed by %s',
    (code) => {
      const pace = new Pace();
      pace.finish(pace.start(DEFAULT_OPTIONS, NOW), refusal(code), NOW);
      expect(room(pace)).toBe(1_000);
      expect(pace.startsInMs(NOW)).toBe(0);
    },
  );
});
