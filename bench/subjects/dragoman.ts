/** dragoman as a user would run it: client keys checked, the default log, an account that needs no sign-in service. */
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { isBuildCurrent } from '../../tools/build-record.js';
import type { Target } from '../load/job.ts';
import { API_KEY } from '../load/requests.ts';
import { freePort, type Processes } from '../processes.ts';
import { type Subject, type SubjectKind, untilServing } from './subject.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/** In a checkout, relative to its root. */
export const LAUNCHER = 'dragoman';

export const DRAGOMAN: SubjectKind = dragomanWith('dragoman', {});

/** The same without a log, to see what the log costs. */
export const SILENT_DRAGOMAN: SubjectKind = dragomanWith('silent', { DRAGOMAN_LOG_LEVEL: 'silent' });

const IN_A_FILE = { DRAGOMAN_DATABASE_URL: '' };

/** With its database in a file, as users have it, to see what writing the ledger costs. */
export const RECORDING_DRAGOMAN: SubjectKind = dragomanWith('recording', IN_A_FILE);

/** The same without ledger and metrics. */
export const UNRECORDED_DRAGOMAN: SubjectKind = dragomanWith('unrecorded', {
  ...IN_A_FILE,
  DRAGOMAN_LEDGER: 'no',
  DRAGOMAN_METRICS: 'off',
});

export function dragomanWith(name: string, environment: Environment): SubjectKind {
  return { name, start: (processes, port) => start(name, environment, processes, port) };
}

type Environment = Readonly<Record<string, string>>;

async function start(
  name: string,
  environment: Environment,
  processes: Processes,
  upstreamPort: number,
): Promise<Subject> {
  buildIfOutdated();
  const folder = processes.makeFolder(name);
  const port = await freePort();
  const started = processes.start(name, 'subject', join(ROOT, LAUNCHER), ['serve'], {
    cwd: folder,
    env: { ...dragomanEnvironment(folder, port, upstreamPort), ...environment },
  });
  const target = (dialect: Target['dialect']): Target => ({ host: '127.0.0.1', port, dialect, oneDeltaPerFrame: true });
  return untilServing(name, started, processes, [target('openai-chat'), target('anthropic-messages')]);
}

/** `npm ci` has built it, but files may have changed since. */
export function buildIfOutdated(): void {
  if (isBuildCurrent(ROOT)) return;
  execFileSync(process.execPath, [join(ROOT, 'tools/bundle.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });
}

export function dragomanEnvironment(folder: string, port: number, upstreamPort: number): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    DRAGOMAN_HOME: folder,
    DRAGOMAN_HOST: '127.0.0.1',
    DRAGOMAN_PORT: String(port),
    DRAGOMAN_DATABASE_URL: 'sqlite::memory:',
    DRAGOMAN_SECRET_KEY: 'a key for benchmarks only, not for real data',
    DRAGOMAN_API_KEYS: API_KEY,
    DRAGOMAN_UPSTREAM_URL: `http://127.0.0.1:${upstreamPort}`,
    DRAGOMAN_KIRO_TOKEN_FILE: 'off',
    DRAGOMAN_LOG_FORMAT: 'json',
    KIRO_API_KEY: 'ksk_bench0000000000000000000000000000',
  };
}
