/** Checks JSON against TypeScript types with the compiler: unknown members, missing members and wrong values. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');

/** The compiler's errors for `values`, each of which must be a `type` of `module`; '' if there are none. */
export async function typeErrors(module: string, type: string, values: readonly unknown[]): Promise<string> {
  // Inside the checkout, so that the compiler finds the module's types.
  const folder = resolve(ROOT, 'node_modules/.cache', `type-check-${process.pid}-${type.replace(/\W/g, '')}`);
  await mkdir(folder, { recursive: true });
  const lines = values.map((value, index) => `export const v${index}: ${type} = ${JSON.stringify(value)};`);
  const name = type.replace(/\W.*/, '');
  await writeFile(resolve(folder, 'package.json'), '{"type":"module"}');
  await writeFile(resolve(folder, 'values.ts'), [`import type { ${name} } from '${module}';`, ...lines].join('\n'));
  try {
    const flags = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'esnext',
    ];
    await promisify(execFile)(
      process.execPath,
      [resolve(ROOT, 'node_modules/typescript/lib/tsc.js'), ...flags, '--types', '', resolve(folder, 'values.ts')],
      { cwd: folder, maxBuffer: 16 * 1024 * 1024 },
    );
    return '';
  } catch (cause) {
    if (cause instanceof Error && 'stdout' in cause && cause.stdout) return String(cause.stdout);
    throw cause;
  } finally {
    await rm(folder, { recursive: true });
  }
}
