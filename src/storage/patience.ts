/** Storage calls which wait for another process's lock a bounded time, and fail in words a person can act on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';

const PATIENCE_MS = 5_000;
const PAUSE_MS = 25;
/** SQLITE_BUSY, SQLITE_LOCKED; extended codes carry more in the higher bits. */
const WAITING_HELPS: ReadonlySet<number> = new Set([5, 6]);

/** Every failure which is no GatewayError yet becomes `storage_unavailable`. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      if (!isLocked(cause) || performance.now() > deadline) throw unavailable(cause);
      await sleep(PAUSE_MS);
    }
  }
}

function isLocked(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && WAITING_HELPS.has(Number(cause.errcode) & 0xff);
}

function unavailable(cause: unknown): GatewayError {
  const why = cause instanceof Error ? cause.message : 'unknown reason';
  return new GatewayError('storage_unavailable', `The database does not answer: ${why}.`, { cause });
}
