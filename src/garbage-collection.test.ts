import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../test/support/fake-clock.ts';
import { releaseStartMemory } from './garbage-collection.ts';

const AFTER_MS = 500;

/** In a function of its own, so that no register of the test keeps the object. */
function referenceToUnused(): WeakRef<object> {
  return new WeakRef({ size: 'small' });
}

describe('releaseStartMemory', () => {
  it('collects garbage once after the start', async () => {
    const clock = createFakeClock();
    const reference = referenceToUnused();
    releaseStartMemory(() => false, clock);
    // Until the end of a job, its new references keep their objects.
    await setImmediate();
    clock.advance(AFTER_MS);
    expect(reference.deref()).toBe(undefined);
  });

  it('leaves it to V8 while requests are open', () => {
    const clock = createFakeClock();
    let collections = 0;
    releaseStartMemory(
      () => true,
      clock,
      () => {
        collections += 1;
      },
    );
    clock.advance(2 * AFTER_MS);
    expect(collections).toBe(0);
  });
});
