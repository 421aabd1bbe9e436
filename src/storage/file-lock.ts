/**
 * A lock between processes on one machine: an exclusive transaction on its own empty SQLite file. The operating
 * system releases it as soon as the process dies, so it needs no expiry and no clock. A
 * process that hangs keeps it, and the others wait a bounded time instead of using the same refresh token.
 */
import { DatabaseSync } from 'node:sqlite';
import { retryUntil } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { isLocked, lockedTooLong, unavailable } from './retry.ts';

/** Longer than two calls to a token endpoint may take. */
const MAX_WAIT_MS = 60_000;
const MIN_PAUSE_MS = 2;
const PAUSE_JITTER_MS = 13;

/** Rejects with `storage_unavailable` if a lock is not acquired in time, otherwise as `work` does. */
export async function withFileLocks<T>(
  clock: Clock,
  paths: readonly string[],
  work: () => Promise<T>,
  maxWaitMs = MAX_WAIT_MS,
): Promise<T> {
  const held: DatabaseSync[] = [];
  try {
    // Sorted, so that two processes cannot deadlock.
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
  // Randomised, so that two waiting processes do not retry in step.
  const pauseMs = () => MIN_PAUSE_MS + clock.random() * PAUSE_JITTER_MS;
  try {
    await retryUntil({ clock, maxWaitMs, pauseMs, isPassing: isLocked }, () => lock.exec('begin exclusive'));
    return lock;
  } catch (cause) {
    lock.close();
    throw isLocked(cause) ? lockedTooLong() : unavailable(cause);
  }
}
