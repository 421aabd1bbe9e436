/** Stops a server on a signal, and ends the process on time even if the database hangs or nothing drains the log. */
import { whenWritten } from '../telemetry/destination.ts';
import type { RunningLog } from '../telemetry/log.ts';
import { systemClock } from '../transport/clock.ts';

/** Time after the drain for final messages to clients, database writes and the log. */
export const CLOSING_TIMEOUT_MS = 5_000;

/** Resolves once `closing` has settled and all output is written; exits the process if that takes too long. */
export async function endWithin(timeoutMs: number, closing: Promise<void>, log: RunningLog): Promise<void> {
  const late = new AbortController();
  // Slept rather than scheduled: the process has to live until then.
  const timeIsUp = systemClock.sleep(timeoutMs, late.signal).then(() => false);
  const isClosed = await Promise.race([closing.then(() => true), timeIsUp]);
  late.abort();
  if (!isClosed) log.error({ timeoutMs }, 'shutdown timed out; exiting');
  await Promise.all([log.flush(), whenWritten(process.stdout)]);
  const isWritten = process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
  if (!isClosed || !isWritten) process.exit(isClosed ? 0 : 1);
}

/** Resolves at the first SIGINT or SIGTERM; a second one exits the process at once. */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (signal: NodeJS.Signals) => {
      if (isStopping) process.exit(signal === 'SIGINT' ? 130 : 143);
      isStopping = true;
      resolve(signal);
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
}
