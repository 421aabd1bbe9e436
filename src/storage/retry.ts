/** Storage calls that wait out passing trouble for a bounded time, and fail with a message a person can act on. */
import { retryUntil } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';

const RETRY_MS = 5_000;
const PAUSE_MS = 25;

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html); extended ones carry more in the higher bits. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_WORDS: Readonly<Record<number, string>> = {
  [SQLITE_BUSY]: 'another process keeps it locked. If one hangs, end it',
  [SQLITE_LOCKED]: 'another process keeps it locked. If one hangs, end it',
  8: 'it may not be written. Check the owner and the mode of the file and its folder',
  10: 'the disk cannot be read or written. Check the disk',
  11: 'the file is damaged. Put a backup in its place',
  13: 'the disk is full. Free some space; what was stored before is untouched',
  14: 'the file cannot be opened. Check its folder',
  26: 'the file is no database. Check the path',
};

/** Of the file system, for the lock files and the key file beside the database. */
const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space; what was stored before is untouched',
  EDQUOT: 'the disk quota is used up. Free some space; what was stored before is untouched',
  EROFS: 'the file system is read-only. Mount it for writing, or move the database',
  EACCES: 'it may not be written. Check the owner and the mode of the file and its folder',
  EPERM: 'it may not be written. Check the owner and the mode of the file and its folder',
  EIO: 'the disk cannot be read or written. Check the disk',
  ENOENT: 'its folder does not exist any more. Put it back',
};

/** PostgreSQL's codes (appendix A of its manual), and the network's, after which another attempt may go through. */
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
  '3D000': 'there is no database of that name. Make it, or check the database URL',
  '42501': 'the user may not do this. It needs to own its tables',
  '25006': 'it is read-only, as a standby is. Check the database URL',
  '53100': 'its disk is full. Free some space; what was stored before is untouched',
  '53300': 'it has too many connections already. Raise max_connections, or run fewer replicas',
  '57P01': 'it is shutting down',
  '57P03': 'it is starting up',
  ECONNREFUSED: 'nothing listens there. Check host and port, and that the server runs',
  ENOTFOUND: 'its host is unknown. Check the database URL',
};

/** A failure that is not a GatewayError yet becomes `storage_unavailable`. */
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
    // The client's own words have no code.
    (cause instanceof Error && /^Connection terminated|timeout exceeded when trying to connect/.test(cause.message))
  );
}

/** No answer within the time a query has; the client's own words, which have no code. */
export function isSilence(cause: unknown): boolean {
  return cause instanceof Error && cause.message === 'Query read timeout';
}

/** Never with what was to be written: neither engine puts that into a message. */
export function unavailable(cause: unknown): GatewayError {
  const words = isSilence(cause)
    ? 'a query took too long. Check that its server is well, and that nothing keeps a table locked'
    : (SQLITE_WORDS[sqliteCodeOf(cause) ?? 0] ??
      POSTGRES_WORDS[codeOf(cause) ?? ''] ??
      FILE_WORDS[codeOf(cause) ?? '']);
  const said = cause instanceof Error ? cause.message : 'unknown reason';
  const why = words === undefined ? said : `${words} (${said})`;
  return new GatewayError('storage_unavailable', `The database does not answer: ${why}.`, { cause });
}

/** The words for a lock which never came. */
export function lockedTooLong(): GatewayError {
  return new GatewayError(
    'storage_unavailable',
    'Another process has kept this account to itself for too long. If it hangs, end it; then try again.',
  );
}

function sqliteCodeOf(cause: unknown): number | undefined {
  return cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : undefined;
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
