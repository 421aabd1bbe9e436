/**
 * A lock between processes of one machine: an exclusive transaction on an empty SQLite file of its own. The operating
 * system takes it away from a process which dies, at that instant, so nothing has to expire and no clock is asked; a
 * process which merely hangs keeps it, and the others wait a bounded time instead of spending the same refresh token.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLocked, lockedTooLong, unavailable } from './retry.ts';

/** Longer than two calls of a token endpoint may take. */
const LOCK_PATIENCE_MS = 60_000;
/** Some milliseconds, never the same for two. */
const pauseMs = () => 2 + Math.random() * 13;

/** Rejects with `storage_unavailable` when a lock could not be had, else as `work` does. */
export async function withFileLocks<T>(
  paths: readonly string[],
  work: () => Promise<T>,
  maxWaitMs = LOCK_PATIENCE_MS,
): Promise<T> {
  const held: DatabaseSync[] = [];
  try {
    // In one order for everybody, so that no two wait for each other.
    for (const path of [...paths].sort()) held.push(await acquire(path, maxWaitMs));
    return await work();
  } finally {
    for (const lock of held) lock.close();
  }
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw unavailable(cause);
  }
}

async function acquire(path: string, maxWaitMs: number): Promise<DatabaseSync> {
  const deadline = performance.now() + maxWaitMs;
  const lock = open(path);
  try {
    for (;;) {
      try {
        lock.exec('begin exclusive');
        return lock;
      } catch (cause) {
        if (!isLocked(cause)) throw unavailable(cause);
        if (performance.now() > deadline) throw lockedTooLong();
        await sleep(pauseMs());
      }
    }
  } catch (cause) {
    lock.close();
    throw cause;
  }
}
