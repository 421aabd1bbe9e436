/** dragoman as a user would run it: client keys checked, the default log, an account that needs no sign-in service. */
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { isBuildCurrent } from '../../tools/build-record.js';
import type { Target } from '../load/job.ts';
import { API_KEY } from '../load/requests.ts';
import { freePort, type Processes, untilListening } from '../processes.ts';
import { V8_FLAGS } from './relay.ts';
import { type Subject, type SubjectKind, untilServing } from './subject.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/** In a checkout, relative to its root. */
export const LAUNCHER = 'dragoman';

export const DRAGOMAN: SubjectKind = dragomanWith('dragoman', {});

/** With its database in a file, as users have it. */
export const IN_A_FILE = { DRAGOMAN_DATABASE_URL: '' };

export function dragomanWith(name: string, environment: Environment): SubjectKind {
  return { name, start: (processes, port) => start(name, environment, processes, port) };
}

export type Environment = Readonly<Record<string, string>>;

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
  return untilServing(name, started, processes, [targetAt(port, 'openai-chat'), targetAt(port, 'anthropic-messages')]);
}

function targetAt(port: number, dialect: Target['dialect']): Target {
  return { host: '127.0.0.1', port, dialect, oneDeltaPerFrame: true };
}

/** Two gateways in one process, which differ by these settings. A target for each, in OpenAI's format. */
export function twoDragomans(variants: readonly [Environment, Environment]): SubjectKind {
  const name = 'two gateways';
  return {
    name,
    async start(processes, upstreamPort) {
      const ports = [await freePort(), await freePort()] as const;
      const settings = variants.map((variant, index) => {
        const folder = processes.makeFolder(`variant-${index}`);
        return JSON.stringify({ ...dragomanEnvironment(folder, ports[index] ?? 0, upstreamPort), ...variant });
      });
      const program = join(import.meta.dirname, 'two-gateways.ts');
      const started = processes.start(name, 'subject', process.execPath, [...V8_FLAGS, program, ...settings]);
      await Promise.all(ports.map((port) => untilListening(port, started)));
      return untilServing(name, started, processes, [
        targetAt(ports[0], 'openai-chat'),
        targetAt(ports[1], 'openai-chat'),
      ]);
    },
  };
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
