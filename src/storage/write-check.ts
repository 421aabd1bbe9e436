/** Checks that the database is writable by writing to it. */
import { randomBytes } from 'node:crypto';
import { SingleFlight, withinTime } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import type { Database } from './database.ts';
import { withRetry } from './retry.ts';

const KEY = 'write-check';
/** About the size of a stored account, since a full disk may still have room for a few bytes. */
const BYTES = 8_192;
/** Probes are unauthenticated, so they write to the database at most twice a second. */
const MAX_AGE_MS = 500;
const LOCK_WAIT_MS = 1_000;
const TIMEOUT_MS = 2_000;

/** Rejects with `storage_unavailable` within two seconds. A result is reused for half a second. */
export function createWriteCheck(database: Database): () => Promise<void> {
  const { clock } = database;
  const checks = new SingleFlight<void>();
  let latest: Promise<void> = Promise.resolve();
  let startedAtMs = Number.NEGATIVE_INFINITY;

  const run = async (): Promise<void> => {
    const work = withRetry(
      clock,
      async () => {
        database.checkFile();
        const value = randomBytes(BYTES);
        await database.db
          .insertInto('meta')
          .values({ key: KEY, value })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
          .execute();
        return true;
      },
      LOCK_WAIT_MS,
    );
    if (await withinTime(clock, TIMEOUT_MS, work)) return;
    throw new GatewayError(
      'storage_unavailable',
      `The database did not complete a write within ${TIMEOUT_MS} ms. Check the disk, or the server's health.`,
    );
  };

  return () => {
    const nowMs = clock.elapsed();
    if (nowMs - startedAtMs >= MAX_AGE_MS && !checks.find(KEY)) {
      startedAtMs = nowMs;
      latest = checks.run(KEY, run);
    }
    return latest;
  };
}
