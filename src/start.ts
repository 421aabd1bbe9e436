/**
 * Runs the command line. Not part of main.ts, which must also load in Node versions that cannot load this file.
 * Each command loads what it needs, so that the start is fast.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Caching compiled code nearly halves the start time. In the user's own directory, because cached code is executed.
enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dragoman'));

const [{ runCommandLine }, { createTerminal }] = await Promise.all([
  import('./cli/program.ts'),
  import('./cli/terminal.ts'),
]);
process.exitCode = await runCommandLine(process.argv.slice(2), createTerminal());
