/**
 * Loaded into a gateway's process with `--import`; reports on it in the folder PROCESS_PROBE_DIR.
 *
 * `turns`: a line `END_MS BUSY_MS` for each turn of the event loop that used the processor for longer than a few
 * milliseconds. Processor time of the main thread, since other programs on a busy machine lengthen every other measure.
 *
 * `memory`: after each SIGUSR2, the bytes that JavaScript still uses after a garbage collection. Resident memory
 * would also count what the C library's allocator keeps for later, which depends on the order of earlier calls.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const INTERVAL_MS = 1;
const REPORTED_MS = 5;

const { PROCESS_PROBE_DIR: folder } = process.env;

// The environment is inherited by the processes that the gateway starts.
if (isMainThread && folder !== undefined && process.argv.includes('serve')) {
  reportTurns(join(folder, 'turns'));
  reportMemory(join(folder, 'memory'));
}

function reportTurns(path: string): void {
  let beforeMs = usedMs();
  setInterval(() => {
    const busyMs = usedMs() - beforeMs;
    if (busyMs > REPORTED_MS) appendFileSync(path, `${Date.now()} ${busyMs.toFixed(1)}\n`);
    beforeMs = usedMs();
  }, INTERVAL_MS).unref();
}

function usedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function reportMemory(path: string): void {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void; // what the flag adds to new contexts
  process.on('SIGUSR2', () => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(path, String(heapUsed + external));
  });
}
