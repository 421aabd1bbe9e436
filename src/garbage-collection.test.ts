import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
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

describe('growAtOnce', () => {
  /** Keeps 30 MB of objects, as a start does, and counts the collections of the young generation. */
  async function collectionsOf(prepare: string): Promise<number> {
    const source = pathToFileURL(join(import.meta.dirname, 'garbage-collection.ts')).href;
    const program = `import { growAtOnce } from ${JSON.stringify(source)}; ${prepare};
      globalThis.kept = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));`;
    const args = ['--trace-gc', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return stdout.match(/ Scavenge /g)?.length ?? 0;
  }

  it('needs fewer collections for what a start keeps', async () => {
    const usual = await collectionsOf('');
    expect(usual).toBeGreaterThan(2);
    expect(await collectionsOf('growAtOnce()')).toBeLessThan(usual);
  });
});
