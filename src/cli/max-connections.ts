/** Limits client connections by the process's open-file limit. */
import { readFileSync } from 'node:fs';
import type { Settings } from '../config.ts';
import type { Log } from '../core/log.ts';

/** Keeps half of the file descriptors for connections to the service, the database and the log. */
export function maxConnections({ maxConnections: wanted }: Pick<Settings, 'maxConnections'>, log: Log): number {
  const files = openFilesLimit();
  const max = Math.min(wanted, Math.floor(files / 2));
  if (max < wanted)
    log.info({ wanted, max, files }, 'limiting client connections: the open-file limit is too low for the setting');
  return max;
}

/** Infinity if unknown (only Linux reports it). Node raises the soft limit to the hard limit at startup. */
function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
