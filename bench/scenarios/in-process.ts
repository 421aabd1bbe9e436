/** Runs a script of in-process/ in its own process, on the subject's core, and returns the figures that it sends. */
import { join } from 'node:path';
import type { Bench } from './scenario.ts';

/** `Figures` is what the script sends, in one message, before it exits. */
export function figuresFrom<Figures>(
  { processes, say }: Pick<Bench, 'processes' | 'say'>,
  script: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Figures> {
  say(`${script} without sockets`);
  const path = join(import.meta.dirname, '../in-process', `${script}.ts`);
  const started = processes.start(script, 'subject', process.execPath, [...flags, path, ...args], { talks: true });
  return new Promise((resolve, reject) => {
    started.process.once('message', (message) => resolve(message as Figures)); // From the benchmark's own script.
    started.process.once('exit', () => reject(new Error(`${script} failed: ${started.complaints()}`)));
  });
}
