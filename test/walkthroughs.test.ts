/** The walkthrough for a new kind of credential in CONTRIBUTING.md names exactly the files at which the compiler fails. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const run = promisify(execFile);

const NEW_KIND = `
import type { KindRules } from './kind.ts';

export interface SessionCredential {
  readonly kind: 'session';
  readonly cookie: string;
  readonly region: string;
}

export const SESSION: KindRules = { label: 'Session', serves: 'bearer', profiles: 'none', client: [], refused: 'Sign in again.' };
`;

/** A copy of src/ in which the union of credentials has one more kind. Resolves to the files that do not compile. */
async function filesLackingTheKind(): Promise<readonly string[]> {
  // Below node_modules, so that the compiler finds the types of packages. The build info is kept for the next run.
  const copy = join(ROOT, 'node_modules/.cache/walkthrough');
  await rm(join(copy, 'src'), { recursive: true, force: true });
  await mkdir(copy, { recursive: true });
  await cp(join(ROOT, 'src'), join(copy, 'src'), { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
  await cp(join(ROOT, 'package.json'), join(copy, 'package.json'));
  const { compilerOptions } = JSON.parse(await readFile(join(ROOT, 'tsconfig.json'), 'utf8'));
  await writeFile(join(copy, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  await writeFile(join(copy, 'src/accounts/credentials/session.ts'), NEW_KIND);
  const union = join(copy, 'src/accounts/credentials.ts');
  const source = await readFile(union, 'utf8');
  const extended = source.replace(
    'export type Credential = ',
    "import type { SessionCredential } from './credentials/session.ts';\nexport type Credential = SessionCredential | ",
  );
  expect(extended).not.toBe(source);
  await writeFile(union, extended);
  const cache = ['--incremental', '--tsBuildInfoFile', join(copy, '.tsbuildinfo')];
  const compiler = [join(ROOT, 'node_modules/typescript/lib/tsc.js'), ...cache];
  const failure = await run(process.execPath, compiler, { cwd: copy, maxBuffer: 16 * 1024 * 1024 }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  const output = failure instanceof Error && 'stdout' in failure ? String(failure.stdout) : '';
  return [...new Set([...output.matchAll(/^(src\/[^(]+)\(\d+,\d+\): error/gm)].map(([, file = '']) => file))].sort();
}

it('names the files that a new kind of credential changes', async () => {
  const walkthrough = /### Add a kind of credential\n.*?(?=\n###)/s.exec(
    await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8'),
  );
  const files = await filesLackingTheKind();
  expect(files).toContain('src/accounts/credentials.ts');
  const steps =
    walkthrough?.[0]
      .split(/\n(?=\d\. )/)
      .slice(2, 4)
      .join('\n') ?? '';
  const named = [...steps.matchAll(/`(src\/[^`]+\.ts)`/g)].map(([, file = '']) => file);
  expect(files).toEqual(named.sort());
});
