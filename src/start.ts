/** Runs the command line. Everything a command needs is loaded by that command, so that a start is quick. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Compiled code of earlier starts: nearly halves this one. In the user's own folder, because what lies there is run.
enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dragoman'));

const [{ runCommandLine }, { createTerminal }] = await Promise.all([
  import('./cli/program.ts'),
  import('./cli/terminal.ts'),
]);
process.exitCode = await runCommandLine(process.argv.slice(2), createTerminal());
