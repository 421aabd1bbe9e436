/**
 * A lock between processes of one machine: an exclusive transaction on an empty SQLite file of its own. The operating
 * system takes it away from a process which dies, at that instant, so nothing has to expire and no clock is asked; a
 * process which merely hangs keeps it, and the others wait a bounded time instead of spending the same refresh token.
 */
import { DatabaseSync } from 'node:sqlite';
import { retryUntil } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { isLocked, lockedTooLong, unavailable } from './retry.ts';

/** Longer than two calls of a token endpoint may take. */
const MAX_WAIT_MS = 60_000;
const MIN_PAUSE_MS = 2;
const PAUSE_JITTER_MS = 13;

/** Rejects with `storage_unavailable` when a lock could not be had, else as `work` does. */
export async function withFileLocks<T>(
  clock: Clock,
  paths: readonly string[],
  work: () => Promise<T>,
  maxWaitMs = MAX_WAIT_MS,
): Promise<T> {
  const held: DatabaseSync[] = [];
  try {
    // In one order for everybody, so that no two wait for each other.
    for (const path of [...paths].sort()) held.push(await acquire(clock, path, maxWaitMs));
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

async function acquire(clock: Clock, path: string, maxWaitMs: number): Promise<DatabaseSync> {
  const lock = open(path);
  // Random, so that two processes that wait for the same lock do not keep meeting.
  const pauseMs = () => MIN_PAUSE_MS + clock.random() * PAUSE_JITTER_MS;
  try {
    await retryUntil({ clock, maxWaitMs, pauseMs, isPassing: isLocked }, () => lock.exec('begin exclusive'));
    return lock;
  } catch (cause) {
    lock.close();
    throw isLocked(cause) ? lockedTooLong() : unavailable(cause);
  }
}
