/** Whether the database can be written, tried out by writing. */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { withinTime } from '../core/within-time.ts';
import type { Database } from './database.ts';
import { withRetry } from './retry.ts';

const KEY = 'write-check';
/** About the size of a stored account: a full disk may still have room for a few bytes. */
const BYTES = 8_192;
/** Probes come without a key, from anywhere: the database is written twice a second at most. */
const MAX_AGE_MS = 500;
const LOCK_WAIT_MS = 1_000;
const TIMEOUT_MS = 2_000;

/** Rejects with `storage_unavailable`, within two seconds. A result stands for half a second. */
export function createWriteCheck(database: Database): () => Promise<void> {
  let latest: Promise<void> = Promise.resolve();
  let startedAtMs = Number.NEGATIVE_INFINITY;
  let isRunning = false;

  const run = async (): Promise<void> => {
    const work = withRetry(async () => {
      database.checkFile();
      const value = randomBytes(BYTES);
      await database.db
        .insertInto('meta')
        .values({ key: KEY, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
      return true;
    }, LOCK_WAIT_MS);
    if (await withinTime(work, TIMEOUT_MS)) return;
    throw new GatewayError('storage_unavailable', `The database did not take a write within ${TIMEOUT_MS} ms.`);
  };

  return () => {
    const nowMs = performance.now();
    if (isRunning || nowMs - startedAtMs < MAX_AGE_MS) return latest;
    startedAtMs = nowMs;
    isRunning = true;
    latest = run().finally(() => {
      isRunning = false;
    });
    return latest;
  };
}
