/**
 * Installs AWS's language server from its public packages, without their install scripts, into a cache beside this
 * checkout's packages. The packages' declared dependencies cannot be installed unchanged: the overrides name versions
 * that are published, and the bundled clients of the service need their own dependencies.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const FOLDER = resolve(import.meta.dirname, '../../node_modules/.cache/official/language-server');
const BUNDLED = resolve(FOLDER, 'node_modules/@aws/lsp-codewhisperer/node_modules');
/** Written last, so that an interrupted installation starts again. */
const COMPLETE = resolve(FOLDER, 'complete.json');

const MANIFEST = {
  private: true,
  dependencies: {
    '@aws/lsp-codewhisperer': '0.0.128',
    '@aws/language-server-runtimes': '0.3.21',
    '@smithy/smithy-client': '^4',
    'vscode-jsonrpc': '^8',
  },
  overrides: {
    '@aws/language-server-runtimes-types': '0.1.63',
    '@aws/lsp-core': '0.0.18',
    '@aws/chat-client-ui-types': '0.1.68',
  },
};

const run = promisify(execFile);

/** The folder whose node_modules contain the server. */
export async function installLanguageServer(): Promise<string> {
  const manifest = JSON.stringify(MANIFEST, undefined, 2);
  if (existsSync(COMPLETE) && readFileSync(COMPLETE, 'utf8') === manifest) return FOLDER;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(resolve(FOLDER, 'package.json'), manifest);
  await npmInstall(FOLDER);
  for (const scope of ['@amzn', '@amazon'])
    for (const name of readdirSync(resolve(BUNDLED, scope)))
      await npmInstall(resolve(BUNDLED, scope, name), '--omit=dev');
  writeFileSync(COMPLETE, manifest);
  return FOLDER;
}

async function npmInstall(cwd: string, ...more: readonly string[]): Promise<void> {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', ...more];
  await run('npm', ['install', ...options], { cwd, maxBuffer: 16 * 1024 * 1024 });
}
