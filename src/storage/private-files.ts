/** Makes the store's files private to their owner; older versions and backups may have left them readable by others. */
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Of a folder where every user may create files, and remove only their own. */
const STICKY = 0o1000;

/**
 * Removes permissions of group and others. Returns the paths that had any; leaves files of another user unchanged, and a folder
 * that is meant for all users, such as /tmp.
 */
export function makePrivate(databasePath: string, home: string): readonly string[] {
  // Windows has no such modes.
  if (process.platform === 'win32') return [];
  const isInHome = dirname(databasePath) === home;
  const paths = [...(isInHome ? [home] : []), ...filesOf(databasePath), ...keyFilesIn(home)];
  return [...new Set(paths)].filter(tighten);
}

/** The database, its side files, locks and backups: `dragoman.db`, `dragoman.db-wal`, `dragoman-backup.db`. */
function filesOf(databasePath: string): readonly string[] {
  const folder = dirname(databasePath);
  const name = basename(databasePath);
  const extension = extname(name);
  const stem = basename(name, extension);
  const isOurs = (file: string) =>
    file.startsWith(name) || (extension !== '' && file.startsWith(stem) && file.includes(extension));
  return namesIn(folder)
    .filter(isOurs)
    .map((file) => join(folder, file));
}

function keyFilesIn(home: string): readonly string[] {
  return namesIn(home)
    .filter((name) => name.startsWith('secret.key'))
    .map((name) => join(home, name));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function tighten(path: string): boolean {
  try {
    const status = lstatSync(path);
    const isOpen = (status.mode & 0o077) !== 0;
    if (!isOpen || status.isSymbolicLink() || (status.mode & STICKY) !== 0) return false;
    chmodSync(path, status.isDirectory() ? FOLDER_MODE : FILE_MODE);
    return true;
  } catch {
    return false;
  }
}
