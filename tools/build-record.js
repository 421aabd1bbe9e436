/**
 * What dist/ was built from, so that a checkout runs it only if it would build the same again. A file counts as unchanged if
 * its size and both of its times are: unpacking an archive sets the time of modification, but not that of the change. In
 * JavaScript, as start.js is; build-record.d.ts has the types.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RECORD = 'dist/build-record.json';

export function recordBuild(root, { sources, beganMs, built }) {
  const states = [...new Set(sources)].map((path) => stateOf(root, path));
  if (states.some(([, , mtimeMs, ctimeMs]) => Math.max(mtimeMs, ctimeMs) >= beganMs)) return;
  const programs = [...built].map((path) => stateOf(root, path));
  writeFileSync(join(root, RECORD), JSON.stringify([...states, ...programs]));
}

export function isBuildCurrent(root) {
  try {
    const states = JSON.parse(readFileSync(join(root, RECORD), 'utf8'));
    return states.every(([path, size, mtimeMs, ctimeMs]) => {
      const now = statSync(`${root}/${path}`);
      return now.size === size && now.mtimeMs === mtimeMs && now.ctimeMs === ctimeMs;
    });
  } catch {
    // Not built, built halfway, or a file is gone.
    return false;
  }
}

/** The path below the root, the size in bytes, and the times of modification and change in milliseconds since 1970. */
function stateOf(root, path) {
  const { size, mtimeMs, ctimeMs } = statSync(join(root, path));
  return [path, size, mtimeMs, ctimeMs];
}
