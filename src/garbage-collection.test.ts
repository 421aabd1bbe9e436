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

/** What V8 reports of its collections while a program runs that first calls `prepare`, a function of the module. */
function collectionsOf(prepare: string, program: string): Promise<string> {
  return outputOf(['--trace-gc'], `${prepare}; ${program}`);
}

/** Runs a program that has the module as `collection`. */
async function outputOf(flags: readonly string[], program: string): Promise<string> {
  const source = pathToFileURL(join(import.meta.dirname, 'garbage-collection.ts')).href;
  const text = `import * as collection from ${JSON.stringify(source)}; ${program}`;
  return (await promisify(execFile)(process.execPath, [...flags, '--input-type=module', '--eval', text])).stdout;
}

describe('growAtOnce', () => {
  /** Keeps 30 MB of objects, as a start does. */
  const KEEPING = 'globalThis.kept = Array.from({ length: 1_000_000 }, (_, index) => ({ index }))';
  const countIn = (trace: string) => trace.match(/ Scavenge /g)?.length ?? 0;

  it('needs fewer collections for what a start keeps', async () => {
    const usual = countIn(await collectionsOf('', KEEPING));
    expect(usual).toBeGreaterThan(2);
    expect(countIn(await collectionsOf('collection.growAtOnce()', KEEPING))).toBeLessThan(usual);
  });
});

describe('keepTickShape', () => {
  /** Prints what V8 has learned of `process.nextTick` before and after a collection without a waiting tick. */
  const PROGRAM = `
    const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
    const tick = async () => { for (let n = 0; n < 100; n++) process.nextTick(() => {}); await turn(); };
    await tick();
    gc({ type: 'major', flavor: 'last-resort' });
    await tick();
    %DebugPrint(process.nextTick);`;
  const definitionsAfter = async (prepare: string) => {
    const output = await outputOf(['--expose-gc', '--allow-natives-syntax'], prepare + PROGRAM);
    return [...output.matchAll(/DefineKeyedOwnPropertyInLiteral ([A-Z]+)/g)].map(([, state]) => state);
  };

  it('keeps what V8 has learned of a nextTick when the heap is collected', async () => {
    const usual = await definitionsAfter('');
    expect(usual).toContain('MEGAMORPHIC');
    expect(await definitionsAfter('collection.keepTickShape();')).toEqual(usual.map(() => 'MONOMORPHIC'));
  });
});
