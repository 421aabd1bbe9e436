/** The cache of compiled code, shared with the processes that this one starts. */
import { flushCompileCache, getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { systemClock } from './transport/clock.ts';

/** This process's cache, which halves the other's start. Node keeps a folder per version in it. */
export function compileCacheVariables(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

const WRITE_AFTER_MS = 2_000;
/** Writing the 100 files of the package takes 16 ms, the 700 of a checkout a third of a second. */
const IS_PACKAGE = import.meta.filename.endsWith('.js');

/** Writes the cache while the process runs. Node writes it when a process exits, but a killed one never gets there. */
export function writeCompileCacheSoon(): void {
  if (IS_PACKAGE) systemClock.schedule(WRITE_AFTER_MS, flushCompileCache);
}
