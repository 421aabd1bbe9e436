/** How the user started dragoman, so that hints show commands ready to paste. */
import { dirname, relative } from 'node:path';

/**
 * `dragoman`, `npx dragoman`, `npm run cli --`, or the path of a checkout's launcher, such as `./dragoman`. npm sets
 * npm_lifecycle_event and npm_command for what it runs (https://docs.npmjs.com/cli/using-npm/scripts).
 */
export function commandName(mainFile: string, folder: string, env: NodeJS.ProcessEnv): string {
  if (!/\/(?:tools\/start\.js|src\/main\.ts)$/.test(mainFile))
    return env.npm_command === 'exec' ? 'npx dragoman' : 'dragoman';
  if (env.npm_lifecycle_event === 'cli') return 'npm run cli --';
  const launcher = `${dirname(dirname(mainFile))}/dragoman`;
  const path = relative(folder, launcher);
  if (path.startsWith('../..')) return launcher;
  return path.startsWith('.') ? path : `./${path}`;
}

/** Replaces `dragoman` in commands (in backquotes, or after the `$` of an example) with the name that the user typed. */
export function withCommandName(text: string, name: string): string {
  return text.replaceAll(/(?<=`|\$ |=… )dragoman(?= [a-z<-])/g, () => name);
}
