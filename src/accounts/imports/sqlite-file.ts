/** SQLite databases of other programs, which may use them at any time, so they are opened briefly. */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ImportProblem } from './problem.ts';

/** How long to wait for a lock; these programs' transactions are short. */
export const LOCK_WAIT_MS = 5_000;
const PAUSE_MS = 25;
/** https://www.sqlite.org/rescode.html */
const LOCKED: ReadonlySet<number> = new Set([5, 6]);
const CANNOT_OPEN: ReadonlySet<number> = new Set([3, 8, 14, 23]);

/** Opens the database, runs `work` and closes it. Waits for locks without blocking the event loop. Throws ImportProblem. */
export async function withDatabase<T>(
  path: string,
  readOnly: boolean,
  work: (database: DatabaseSync) => T,
  maxWaitMs = LOCK_WAIT_MS,
): Promise<T> {
  const deadline = performance.now() + maxWaitMs;
  for (;;) {
    try {
      return once(path, readOnly, work);
    } catch (cause) {
      const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : undefined;
      if (code === undefined) throw cause;
      if (!LOCKED.has(code)) throw problemOf(code, cause);
      if (performance.now() > deadline)
        throw new ImportProblem('locked', 'The database is locked by its program. Close that program, or try again.', {
          cause,
        });
      await sleep(PAUSE_MS);
    }
  }
}

function once<T>(path: string, readOnly: boolean, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(urlOf(path, readOnly), { readOnly, timeout: 0 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** A mode that does not create a missing database. */
function urlOf(path: string, readOnly: boolean): URL {
  const url = pathToFileURL(path);
  url.searchParams.set('mode', readOnly ? 'ro' : 'rw');
  return url;
}

function problemOf(code: number, cause: unknown): ImportProblem {
  if (CANNOT_OPEN.has(code)) {
    const message = 'Could not open the database. Check the owner and mode of the file and its folder.';
    return new ImportProblem('unreadable', message, { cause });
  }
  const message =
    'The file is not a database of Kiro CLI, Amazon Q CLI or q2api, or of a version that dragoman does not know.';
  return new ImportProblem('unknown-shape', message, { cause });
}
