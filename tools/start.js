/**
 * Runs the `dragoman` command in a checkout: as bundled by `npm ci` or `npm run build`, which starts twice as fast, or from
 * the sources once a file has changed. In JavaScript, because Node needs 50 ms and 18 MB to strip the types of a file that is
 * not in its compile cache.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isBuildCurrent } from './build-record.js';

enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dragoman'));
await (isBuildCurrent(join(import.meta.dirname, '..')) ? import('../dist/main.js') : import('../src/main.ts'));
