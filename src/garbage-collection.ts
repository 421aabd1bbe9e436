/** How V8 collects garbage in a process that serves requests. */
import { createHook } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from './core/clock.ts';
import { systemClock } from './transport/clock.ts';

/**
 * Lets the young generation grow from 1 MB to its maximum at once, when it first proves too small, rather than by doubling:
 * a quarter of the collections during the first 200 replies, which otherwise copy what most replies still need. Its smallest
 * size would do the same, but only as a flag of the command line, which a package that npm installed does not have.
 */
export function growAtOnce(): void {
  setFlagsFromString('--semi-space-growth-factor=16');
}

/** See keepTickShape. A set, because the bundler leaves out what is only assigned and never read. */
const kept = new Set<object>();

/**
 * Keeps one object of `process.nextTick`, so that V8 never collects the shape of these objects. Otherwise it does so whenever the
 * whole heap is collected while no tick waits. `nextTick` defines the members of its objects under computed keys, and what V8 has
 * learned of such a definition holds for one shape: when it meets the same shape made a second time, it gives up for good, and a
 * `nextTick` takes 6,000 instructions instead of 500. A request takes seven of them, all from Node's streams.
 */
export function keepTickShape(): void {
  const hook = createHook({
    trackPromises: false,
    init(_asyncId, type, _triggerAsyncId, resource) {
      if (type === 'TickObject') kept.add(resource);
    },
  });
  hook.enable();
  process.nextTick(() => {});
  hook.disable();
}

/** Long enough for what follows the start, such as opening the ledger. */
const RELEASE_AFTER_MS = 500;

/**
 * Collects what loading has left behind and gives the memory back, once, if no request is open by then: 103 MB become 89 MB
 * for 75 ms of processor time. V8 itself would keep it until thousands of requests have been served.
 */
export function releaseStartMemory(
  isBusy: () => boolean,
  clock: Pick<Clock, 'schedule'> = systemClock,
  collect: () => void = collectAll,
): void {
  clock.schedule(RELEASE_AFTER_MS, () => {
    if (!isBusy()) collect();
  });
}

function collectAll(): void {
  // Only contexts created while the flag is set have the function.
  setFlagsFromString('--expose-gc');
  const gc: NodeJS.GCFunction = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  // The usual flavour leaves the young generation as large as it has grown.
  gc({ type: 'major', flavor: 'last-resort' });
}
