/** SQLite databases of other programs, which may read and write them at any time: nothing is held open. */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ImportProblem } from './problem.ts';

/** How long a lock is waited for: the transactions of these programs are short. */
export const PATIENCE_MS = 5_000;
const PAUSE_MS = 25;
/** https://www.sqlite.org/rescode.html */
const LOCKED: ReadonlySet<number> = new Set([5, 6]);
const CANNOT_OPEN: ReadonlySet<number> = new Set([3, 8, 14, 23]);

/** Opens the database for one piece of work. Waits for locks without blocking the event loop. Throws ImportProblem. */
export async function withDatabase<T>(
  path: string,
  readOnly: boolean,
  work: (database: DatabaseSync) => T,
  maxWaitMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + maxWaitMs;
  for (;;) {
    try {
      return once(path, readOnly, work);
    } catch (cause) {
      const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : undefined;
      if (code === undefined) throw cause;
      if (!LOCKED.has(code)) throw inWords(code, cause);
      if (performance.now() > deadline)
        throw new ImportProblem('locked', 'Its program keeps the database locked. Close it, or try again.', { cause });
      await sleep(PAUSE_MS);
    }
  }
}

function once<T>(path: string, readOnly: boolean, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(existing(path, readOnly), { readOnly, timeout: 0 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** A database that its owner has removed is not created again. */
function existing(path: string, readOnly: boolean): URL {
  const url = pathToFileURL(path);
  url.searchParams.set('mode', readOnly ? 'ro' : 'rw');
  return url;
}

function inWords(code: number, cause: unknown): ImportProblem {
  if (CANNOT_OPEN.has(code)) {
    const message = 'The database cannot be opened. Check its owner and mode, and those of its folder.';
    return new ImportProblem('unreadable', message, { cause });
  }
  const message =
    'It is not a database of Kiro CLI, Amazon Q CLI or q2api, or its version keeps the sign-in elsewhere.';
  return new ImportProblem('unknown-shape', message, { cause });
}
