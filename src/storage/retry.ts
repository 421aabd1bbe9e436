/** Retries storage calls through temporary failures for a bounded time, and fails with an actionable message. */
import { retryUntil } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';

const RETRY_MS = 5_000;
const PAUSE_MS = 25;

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html); extended ones carry more in the higher bits. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_WORDS: Readonly<Record<number, string>> = {
  [SQLITE_BUSY]: 'another process keeps it locked. If that process hangs, end it',
  [SQLITE_LOCKED]: 'another process keeps it locked. If that process hangs, end it',
  8: 'it is not writable. Check the owner and mode of the file and its directory',
  10: 'the disk cannot be read or written. Check the disk',
  11: 'the file is damaged. Restore a backup',
  13: 'the disk is full. Free some space; existing data is intact',
  14: 'the file cannot be opened. Check its directory',
  26: 'the file is not a database. Check the path',
};

/** File system errors, for the lock files and the key file beside the database. */
const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space; existing data is intact',
  EDQUOT: 'the disk quota is used up. Free some space; existing data is intact',
  EROFS: 'the file system is read-only. Mount it read-write, or move the database',
  EACCES: 'it is not writable. Check the owner and mode of the file and its directory',
  EPERM: 'it is not writable. Check the owner and mode of the file and its directory',
  EIO: 'the disk cannot be read or written. Check the disk',
  ENOENT: 'its directory no longer exists. Restore it',
};

/** PostgreSQL error codes (appendix A of its manual) and network errors after which a retry may succeed. */
const PASSING: ReadonlySet<string> = new Set([
  '40001',
  '40P01',
  '53300',
  '55P03',
  '57P01',
  '57P02',
  '57P03',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
]);
const POSTGRES_WORDS: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong. Check the database URL',
  '28000': 'the user may not sign in. Check the database URL',
  '3D000': 'there is no database of that name. Create it, or check the database URL',
  '42501': 'the user lacks permission. Make it the owner of the tables',
  '25006': 'it is read-only, like a standby. Check the database URL',
  '53100': 'its disk is full. Free some space; existing data is intact',
  '53300': 'it has no free connections. Raise max_connections, or run fewer replicas',
  '57P01': 'it is shutting down',
  '57P03': 'it is starting up',
  ECONNREFUSED: 'nothing listens there. Check host and port, and that the server is running',
  ENOTFOUND: 'its host is unknown. Check the database URL',
};

/** Rejects with `storage_unavailable` for any error other than a GatewayError. */
export async function withRetry<T>(clock: Clock, work: () => Promise<T>, maxWaitMs = RETRY_MS): Promise<T> {
  try {
    return await retryUntil({ clock, maxWaitMs, pauseMs: PAUSE_MS, isPassing }, work);
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : unavailable(cause);
  }
}

export function isLocked(cause: unknown): boolean {
  const code = sqliteCodeOf(cause);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

function isPassing(cause: unknown): boolean {
  if (cause instanceof GatewayError) return false;
  if (isLocked(cause)) return true;
  const code = codeOf(cause);
  return (
    (code !== undefined && PASSING.has(code)) ||
    // Errors of the client library have no code.
    (cause instanceof Error && /^Connection terminated|timeout exceeded when trying to connect/.test(cause.message))
  );
}

/** True for a query timeout, an error of the client library without a code. */
export function isSilence(cause: unknown): boolean {
  return cause instanceof Error && cause.message === 'Query read timeout';
}

/** Never includes the data to be written: neither engine puts it into a message. */
export function unavailable(cause: unknown): GatewayError {
  const words = isSilence(cause)
    ? 'a query timed out. Check that the server is healthy and that nothing keeps a table locked'
    : (SQLITE_WORDS[sqliteCodeOf(cause) ?? 0] ??
      POSTGRES_WORDS[codeOf(cause) ?? ''] ??
      FILE_WORDS[codeOf(cause) ?? '']);
  const detail = cause instanceof Error ? cause.message : 'unknown reason';
  const why = words === undefined ? detail : `${words} (${detail})`;
  return new GatewayError('storage_unavailable', `The database is unavailable: ${why}.`, { cause });
}

/** The error for a lock that was not acquired in time. */
export function lockedTooLong(): GatewayError {
  return new GatewayError(
    'storage_unavailable',
    'Another process has held the lock on this account for too long. If it hangs, end it, then try again.',
  );
}

function sqliteCodeOf(cause: unknown): number | undefined {
  return cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : undefined;
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
