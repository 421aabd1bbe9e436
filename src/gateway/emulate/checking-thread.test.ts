import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import { CheckingThread } from './checking-thread.ts';

const task = (json: unknown) => ({ schemaJson: '{"type":"number"}', at: 'response_format', value: { json } });

describe('CheckingThread', () => {
  it('runs one task after another, ends when it has been idle, and starts again', async () => {
    const thread = new CheckingThread({ idleMs: 200 });
    expect(thread.isRunning).toBe(false);
    const results = await Promise.all([1, 'x', 2].map((json) => thread.run(task(json))));
    expect(results.map((result) => result.type === 'done' && result.problems.length)).toEqual([0, 1, 0]);
    expect(thread.isRunning).toBe(true);
    await vi.waitFor(() => expect(thread.isRunning).toBe(false), { timeout: 10_000 });
    expect(await thread.run(task('x'))).toMatchObject({ type: 'done', problems: [expect.any(String)] });
  });

  it('replaces the thread after it runs out of memory', { timeout: 60_000 }, async () => {
    const thread = new CheckingThread({ memoryMib: 4 });
    for (let attempt = 0; attempt < 2; attempt++) {
      const outcome = await thread.run(task(1)).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(GatewayError);
      expect(outcome).toMatchObject({ code: 'output_invalid', message: expect.stringContaining('or memory to check') });
      expect(thread.isRunning).toBe(false);
    }
  });

  it('rejects tasks when too many are queued', { timeout: 60_000 }, async () => {
    const thread = new CheckingThread();
    const results = await Promise.allSettled(Array.from({ length: 18 }, () => thread.run(task(1))));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2);
  });
});
