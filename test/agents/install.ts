/** Installs agents and clients from the registries, newest versions, into a cache beside this checkout's packages. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { withFileLocks } from '../../src/storage/file-lock.ts';
import { systemClock } from '../../src/transport/clock.ts';

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/agents');

export interface InstalledAgent {
  readonly version: string;
  /** Absolute path inside the package's folder of modules. */
  path(inModules: string): string;
}

const run = promisify(execFile);
const MAX_WAIT_MS = 240_000;
const MAX_OUTPUT = { maxBuffer: 16 * 1024 * 1024 };

/** `others`: further packages that it needs. */
export async function installAgent(packageName: string, others: readonly string[] = []): Promise<InstalledAgent> {
  const folder = resolve(CACHE, packageName.replace(/[^a-z0-9-]/g, '_'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(resolve(folder, 'package.json'), JSON.stringify({ private: true }));
  const packages = [packageName, ...others].map((name) => `${name}@latest`);
  // Another test file may install the same agent at the same time.
  await withFileLocks(
    systemClock,
    [`${folder}.lock`],
    () => run('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder, ...MAX_OUTPUT }),
    MAX_WAIT_MS,
  );
  const modules = resolve(folder, 'node_modules');
  const manifest: { version: string } = JSON.parse(readFileSync(resolve(modules, packageName, 'package.json'), 'utf8'));
  return { version: manifest.version, path: (inModules) => resolve(modules, inModules) };
}

export function hasPython(): boolean {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
}

/** Absolute path of a Python that has the packages, installed group after group into an environment of that name. */
export async function installPython(groups: readonly (readonly string[])[], name = 'python'): Promise<string> {
  const folder = resolve(CACHE, name);
  await run('python3', ['-m', 'venv', folder], MAX_OUTPUT);
  const python = resolve(folder, 'bin/python');
  for (const packages of groups) await run(python, ['-m', 'pip', 'install', '--quiet', ...packages], MAX_OUTPUT);
  return python;
}
