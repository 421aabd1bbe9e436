/**
 * Loaded into a gateway's process with `--import`: appends a line `END_MS BUSY_MS` to the file LOOP_PROBE_FILE for each
 * turn of the event loop that used the processor for longer than a few milliseconds. Processor time of the main thread,
 * since other programs on a busy machine lengthen every other measure.
 */
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const INTERVAL_MS = 1;
const REPORTED_MS = 5;

const { LOOP_PROBE_FILE: path } = process.env;

// The environment is inherited by the processes that the gateway starts.
if (isMainThread && path !== undefined && process.argv.includes('serve')) {
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
