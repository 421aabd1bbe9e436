import { setImmediate } from 'node:timers/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { prepareCheck } from './bounded-check.ts';

const withA = (a: JsonValue): JsonObject => ({ type: 'object', properties: { a } });
const SLOW = withA({ type: 'string', pattern: '^(a+)+$' });
const slowValue = (letters: number) => ({ a: `${'a'.repeat(letters)}!` });

/** Counts turns of the event loop while `work` runs, one every 20 ms at most. */
async function turnsDuring<T>(work: Promise<T>): Promise<{ turns: number; result: T | GatewayError }> {
  let turns = 0;
  const timer = setInterval(() => turns++, 20);
  const result = await work.catch((cause: unknown) => GatewayError.from(cause));
  clearInterval(timer);
  return { turns, result };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('prepareCheck', () => {
  it('reports violations and the parts left unchecked', async () => {
    const check = await prepareCheck(withA({ type: 'string', pattern: '(?' }), 'response_format');
    expect(check.unchecked).toEqual(['/properties/a/pattern']);
    expect(await check.problems({ a: 1 })).toEqual(['/a must be string']);
    expect(await check.problems({ a: 'x' })).toEqual([]);
  });

  it('compiles a schema once', async () => {
    const compile = vi.spyOn(Ajv2020.prototype, 'compile');
    for (const value of [1, 'x']) {
      const check = await prepareCheck(withA({ type: 'string', title: 'compiled once' }), 'response_format');
      expect(await check.problems({ a: value })).toHaveLength(value === 1 ? 1 : 0);
    }
    expect(compile).toHaveBeenCalledTimes(1);
  });

  it('compiles at most one schema in a turn of the event loop, if that takes long', async () => {
    let turn = 0;
    const turns: number[] = [];
    const compile = Ajv2020.prototype.compile;
    vi.spyOn(Ajv2020.prototype, 'compile').mockImplementation(function (this: Ajv2020, ...args) {
      turns.push(turn);
      for (const beganMs = performance.now(); performance.now() - beganMs < 11; );
      return compile.apply(this, args);
    });
    // The first schema compiles its draft too. The turn after it begins with a whole slice of time.
    await prepareCheck(withA({ type: 'string', title: 'first' }), 'x');
    await setImmediate();
    turns.length = 0;
    const counting = setInterval(() => turn++, 0);
    await Promise.all([1, 2, 3].map((n) => prepareCheck(withA({ type: 'string', title: `slow ${n}` }), 'x')));
    clearInterval(counting);
    expect(new Set(turns).size).toBe(3);
  });

  it('leaves the event loop free during endless backtracking, and says to simplify the pattern', async () => {
    const check = await prepareCheck(SLOW, 'response_format');
    const { turns, result } = await turnsDuring(check.problems(slowValue(60)));
    expect(result).toMatchObject({
      code: 'output_invalid',
      message: expect.stringContaining('Simplify the patterns in the schema'),
    });
    expect(turns).toBeGreaterThan(10);
    expect(await check.problems({ a: 'aaa' })).toEqual([]);
  });

  it('supports lookaheads and backreferences, in the thread as well', async () => {
    const schema = {
      ...{ type: 'object', required: ['b'] },
      properties: {
        a: { type: 'string', pattern: '^(?=a)(a)\\1*(a|b)+$|^(a?){25}a{25}$' },
        b: { pattern: '^(x)\\1$' },
      },
    };
    const check = await prepareCheck(schema, 'response_format');
    expect(await check.problems({ a: 'aab', b: 'xx' })).toEqual([]);
    expect(await check.problems({ a: 'c', b: 'xy' })).toHaveLength(2);
  });

  it('leaves the event loop free while a large schema compiles for too long', async () => {
    const allOf: JsonValue = Array.from({ length: 20_000 }, (_, i) => ({ anyOf: [{ const: i }, { type: 'string' }] }));
    const { turns, result } = await turnsDuring(prepareCheck(withA({ allOf }), 'response_format'));
    expect(result).toMatchObject({
      code: 'invalid_request',
      param: 'response_format',
      message: 'response_format: is too complicated to check. Simplify it.',
    });
    expect(turns).toBeGreaterThan(10);
  });

  it('queues checks behind a slow one in the thread, and rejects further ones when the queue is full', async () => {
    // Too long for the loop, so that every check goes to the thread.
    const description = 'x'.repeat(8 * 1024);
    const check = await prepareCheck(withA({ type: 'string', pattern: '^(a+)+$', description }), 'response_format');
    const letters = [60, ...Array<number>(19).fill(8)];
    const results = await Promise.all(
      letters.map((count) => check.problems(slowValue(count)).catch((cause: unknown) => GatewayError.from(cause).code)),
    );
    const mismatch = ['/a must match pattern "^(a+)+$"'];
    expect(results).toEqual([
      'output_invalid',
      ...Array<string[]>(15).fill(mismatch),
      ...Array<string>(4).fill('rate_limited'),
    ]);
  });
});
