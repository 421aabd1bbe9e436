import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import { CheckingThread } from './checking-thread.ts';

const order = (json: unknown) => ({ schemaJson: '{"type":"number"}', at: 'response_format', value: { json } });

describe('the thread for slow schema checks', () => {
  it('answers one order after another, ends when it has been idle, and starts again', async () => {
    const thread = new CheckingThread({ idleMs: 200 });
    expect(thread.isRunning).toBe(false);
    const results = await Promise.all([1, 'x', 2].map((json) => thread.run(order(json))));
    expect(results.map((result) => result.type === 'done' && result.problems.length)).toEqual([0, 1, 0]);
    expect(thread.isRunning).toBe(true);
    await vi.waitFor(() => expect(thread.isRunning).toBe(false), { timeout: 10_000 });
    expect(await thread.run(order('x'))).toMatchObject({ type: 'done', problems: [expect.any(String)] });
  });

  it('is replaced after it ran out of memory', { timeout: 60_000 }, async () => {
    const thread = new CheckingThread({ memoryMib: 4 });
    for (let attempt = 0; attempt < 2; attempt++) {
      const outcome = await thread.run(order(1)).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(GatewayError);
      expect(outcome).toMatchObject({ code: 'output_invalid', message: expect.stringContaining('or memory to check') });
      expect(thread.isRunning).toBe(false);
    }
  });

  it('refuses orders when too many wait', { timeout: 60_000 }, async () => {
    const thread = new CheckingThread();
    const results = await Promise.allSettled(Array.from({ length: 18 }, () => thread.run(order(1))));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2);
  });
});
