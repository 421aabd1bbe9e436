import { describe, expect, it } from 'vitest';
import { WireProfileChoice } from './wire-profile-choice.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const USER = { id: 'a1', kind: 'idc' };
const REFUSAL = { code: 'permission_denied', message: 'User is not authorized.' } as const;

function setup(order: readonly [string, ...string[]] = ['one', 'two', 'three']) {
  const time = { nowMs: 0 };
  const choice = new WireProfileChoice(
    () => order,
    () => time.nowMs,
  );
  return { choice, time, current: () => choice.current(USER) };
}

describe('the wire profile of an account', () => {
  it('is the first in the order until that is refused, then the next', () => {
    const { choice, current } = setup();
    expect(current()).toBe('one');
    expect(choice.moveOn(USER, 'one', REFUSAL)).toBe('two');
    expect(choice.moveOn(USER, 'two', REFUSAL)).toBe('three');
    expect(current()).toBe('three');
    expect(choice.current({ id: 'a2', kind: 'idc' })).toBe('one');
  });

  it('is remembered if it works, and the usual order is tried again after a day', () => {
    const { choice, time, current } = setup();
    choice.moveOn(USER, 'one', REFUSAL);
    choice.worked(USER, 'two');
    time.nowMs = DAY_MS - 1;
    expect(current()).toBe('two');
    time.nowMs = DAY_MS;
    expect(current()).toBe('one');
  });

  it('tells until when it stands in for the first, which needs no end', () => {
    const { choice } = setup();
    expect(choice.untilMs(USER)).toBeUndefined();
    choice.moveOn(USER, 'one', REFUSAL);
    choice.worked(USER, 'two');
    expect(choice.untilMs(USER)).toBe(DAY_MS);
    expect(setup().choice.untilMs({ ...USER, stored: { id: 'three', untilMs: HOUR_MS } })).toBe(HOUR_MS);
  });

  it('is the one stored by an earlier run, if it has not expired and still exists', () => {
    const currentAfter = (id: string, untilMs: number) => setup().choice.current({ ...USER, stored: { id, untilMs } });
    expect(currentAfter('three', HOUR_MS)).toBe('three');
    expect(currentAfter('three', 0)).toBe('one');
    expect(currentAfter('gone', HOUR_MS)).toBe('one');
    const { choice, time } = setup();
    const current = () => choice.current({ ...USER, stored: { id: 'three', untilMs: Number.MAX_SAFE_INTEGER } });
    expect(current()).toBe('three');
    time.nowMs = DAY_MS;
    expect(current()).toBe('one');
  });

  it('is the first again once it is forgotten, even before it was stored', () => {
    const { choice, current } = setup();
    choice.moveOn(USER, 'one', REFUSAL);
    choice.worked(USER, 'two');
    choice.forget(USER.id);
    expect(current()).toBe('one');
  });

  it('is the first again once the store has forgotten the other one', () => {
    const { choice, current } = setup();
    choice.moveOn(USER, 'one', REFUSAL);
    const stored = choice.worked(USER, 'two');
    // Not stored yet.
    expect(current()).toBe('two');
    expect(choice.current({ ...USER, stored })).toBe('two');
    expect(current()).toBe('one');
  });

  it('is to be stored once it works in place of others', () => {
    const { choice } = setup();
    expect(choice.worked(USER, 'one')).toBeUndefined();
    choice.moveOn(USER, 'one', REFUSAL);
    expect(choice.worked(USER, 'two')).toEqual({
      id: 'two',
      sinceMs: 0,
      untilMs: DAY_MS,
      refused: [{ id: 'one', ...REFUSAL, atMs: 0 }],
    });
    expect(choice.worked(USER, 'two')).toBeUndefined();
  });

  it('moves on only once when requests fail at the same time', () => {
    const { choice } = setup();
    expect([
      choice.moveOn(USER, 'one', REFUSAL),
      choice.moveOn(USER, 'one', REFUSAL),
      choice.moveOn(USER, 'one', REFUSAL),
    ]).toEqual(Array.from({ length: 3 }, () => 'two'));
  });

  it('is the first again after all were refused, and stays so for ten minutes', () => {
    const { choice, time, current } = setup();
    expect(['one', 'two', 'three'].map((id) => choice.moveOn(USER, id, REFUSAL))).toEqual(['two', 'three', undefined]);
    expect(current()).toBe('one');
    time.nowMs = 9 * 60_000;
    expect(choice.moveOn(USER, 'one', REFUSAL)).toBeUndefined();
    time.nowMs = 10 * 60_000;
    expect(choice.moveOn(USER, 'one', REFUSAL)).toBe('two');
  });

  it('is tried in order again when the remembered one is refused', () => {
    const { choice } = setup();
    choice.moveOn(USER, 'one', REFUSAL);
    choice.moveOn(USER, 'two', REFUSAL);
    choice.worked(USER, 'three');
    expect(choice.moveOn(USER, 'three', REFUSAL)).toBe('one');
  });

  it('cannot change if the order has only one', () => {
    const { choice } = setup(['one']);
    expect(choice.moveOn(USER, 'one', REFUSAL)).toBeUndefined();
  });
});
