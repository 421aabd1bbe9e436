/** Builds the console before its tests, into the folder that a checkout serves it from. */
import { join } from 'node:path';
import { buildConsole } from '../../tools/console.ts';

export default async function setup(): Promise<void> {
  if (process.env.CONSOLE_BUILD === 'keep') return;
  await buildConsole(join(import.meta.dirname, '../../dist/console'));
}
