/** The end of a process that nothing can prevent: neither a database that hangs nor a log that nothing reads. */
import { setTimeout as sleep } from 'node:timers/promises';
import { whenWritten } from '../telemetry/destination.ts';
import type { RunningLog } from '../telemetry/log.ts';

/** Resolves when `closing` has ended and all output is written. Else the process ends here. */
export async function endWithin(timeoutMs: number, closing: Promise<void>, log: RunningLog): Promise<void> {
  const late = new AbortController();
  const isClosed = await Promise.race([closing.then(() => true), sleep(timeoutMs, false, { signal: late.signal })]);
  late.abort();
  if (!isClosed) log.error({ timeoutMs }, 'closing took too long; ending without it');
  await Promise.all([log.flush(), whenWritten(process.stdout)]);
  const isWritten = process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
  if (!isClosed || !isWritten) process.exit(isClosed ? 0 : 1);
}
