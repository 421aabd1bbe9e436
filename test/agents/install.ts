/** Installs an agent from the npm registry, newest version, into a cache beside this checkout's packages. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/agents');

export interface InstalledAgent {
  readonly version: string;
  /** Absolute path inside the package's folder of modules. */
  path(inModules: string): string;
}

export async function installAgent(packageName: string): Promise<InstalledAgent> {
  const folder = resolve(CACHE, packageName.replace(/[^a-z0-9-]/g, '_'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(resolve(folder, 'package.json'), JSON.stringify({ private: true }));
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', `${packageName}@latest`], {
    cwd: folder,
    maxBuffer: 16 * 1024 * 1024,
  });
  const modules = resolve(folder, 'node_modules');
  const manifest: { version: string } = JSON.parse(readFileSync(resolve(modules, packageName, 'package.json'), 'utf8'));
  return { version: manifest.version, path: (inModules) => resolve(modules, inModules) };
}
