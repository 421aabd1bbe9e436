/** How many client connections fit into the files that this process may have open. */
import { readFileSync } from 'node:fs';
import type { Settings } from '../config.ts';
import type { Log } from '../core/log.ts';

/** Half of the files are left for the connections to the service, the database and the log. */
export function maxConnections({ maxConnections: wanted }: Pick<Settings, 'maxConnections'>, log: Log): number {
  const files = openFilesLimit();
  const max = Math.min(wanted, Math.floor(files / 2));
  if (max < wanted) log.info({ wanted, max, files }, 'fewer client connections than set: the open files limit is low');
  return max;
}

/** Infinity where the system does not say (only Linux does). Node raises the soft limit to the hard one as it starts. */
function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
