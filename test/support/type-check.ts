/** Checks JSON against TypeScript types with the compiler: unknown members, missing members and wrong values. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');

/** Each of the values must be a `type` of `module`. */
export interface TypedValues {
  readonly module: string;
  readonly type: string;
  readonly values: readonly unknown[];
}

const FLAGS = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  '--module',
  'nodenext',
  '--target',
  'esnext',
];

/** The compiler's errors by group; '' for one without errors. One run for all, since a run takes most of a second. */
export async function typeErrors<Name extends string>(
  groups: Readonly<Record<Name, TypedValues>>,
): Promise<Readonly<Record<Name, string>>> {
  const cache = resolve(ROOT, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  // Inside the checkout, so that the compiler finds the module's types.
  const folder = await mkdtemp(join(cache, 'type-check-'));
  try {
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const names = Object.keys(groups) as Name[]; // the type of `groups` has no other keys
    await Promise.all(names.map((name) => writeFile(join(folder, `${name}.ts`), sourceOf(groups[name]))));
    const printed = await compile(
      folder,
      names.map((name) => `${name}.ts`),
    );
    // An error's first line begins with the file's name; the lines that explain it are indented.
    const errors = printed.split(/^(?=\S)/m);
    const found = names.map((name) => errors.filter((error) => error.startsWith(`${name}.ts(`)).join(''));
    if (found.join('').length !== printed.length) throw new Error(`The compiler did not only print errors: ${printed}`);
    return Object.fromEntries(names.map((name, index) => [name, found[index]])) as Record<Name, string>; // one for each
  } finally {
    await rm(folder, { recursive: true });
  }
}

function sourceOf({ module, type, values }: TypedValues): string {
  const lines = values.map((value, index) => `export const v${index}: ${type} = ${JSON.stringify(value)};`);
  return [`import type { ${type} } from '${module}';`, ...lines].join('\n');
}

/** What the compiler prints, one error after the other, file by file. */
async function compile(folder: string, files: readonly string[]): Promise<string> {
  const compiler = resolve(ROOT, 'node_modules/typescript/lib/tsc.js');
  try {
    const args = [compiler, ...FLAGS, '--pretty', 'false', '--types', '', ...files];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    if (cause instanceof Error && 'stdout' in cause && cause.stdout) return String(cause.stdout);
    throw cause;
  }
}
