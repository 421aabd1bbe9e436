/** Runs dragoman's commands in their own home, without this machine's settings. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';
import type { Overrides } from '../../src/compose.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { createTestTerminal } from './terminal.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly home: string;
  /** The next line of standard output. */
  nextLine(): Promise<string>;
  /** Resolves once standard error contains the text. Rejects after 20 seconds. */
  untilLogged(text: string): Promise<void>;
  /** Sends the signal, if any, and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; out: string; err: string }>;
}

/** In a separate process, as a user starts it. */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  home = createHome(),
  main = MAIN,
): Running {
  const child = spawn(process.execPath, [main, ...args], { cwd: home, env: { ...environmentOf(home), ...env } });
  const written = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    written.out += String(data);
  });
  child.stderr.on('data', (data) => {
    written.err += String(data);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'close');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return {
    child,
    home,
    async nextLine() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`The command ended without another line: ${written.err}`);
      return value;
    },
    async untilLogged(text) {
      await vi.waitFor(() => expect(written.err).toContain(text), { timeout: 20_000 });
    },
    async end(signal) {
      if (signal) child.kill(signal);
      const [code] = await exited;
      return { code, ...written };
    },
  };
}

/** With a clock of its own, a gateway refreshes tokens itself instead of in a process of their own. */
export const REFRESH_HERE: Overrides = { clock: systemClock };

export interface Ended {
  readonly code: number;
  readonly out: string;
  /** The command's messages and its log, as on standard error. */
  readonly err: string;
}

export interface Begun {
  /** The next line of standard output. Rejects after 10 seconds. */
  nextLine(): Promise<string>;
  readonly ended: Promise<Ended>;
}

/** Like `beginCommand`, for a command that ends by itself. */
export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  home = createHome(),
): Promise<Ended> {
  return beginCommand(args, env, home).ended;
}

/**
 * In the process of the test, which saves the second of CPU time that a start takes: for what a command does, not for
 * how its process starts, reads and ends. Tokens are refreshed in the same process. One at a time, since environment and
 * folder belong to the whole process.
 */
export function beginCommand(args: readonly string[], env: Readonly<Record<string, string>>, home: string): Begun {
  const before = { env: { ...process.env }, cwd: process.cwd() };
  const { terminal, written } = createTestTerminal();
  setEnvironment({ ...environmentOf(home), ...env });
  process.chdir(home);
  const log = vi.spyOn(process.stderr, 'write').mockImplementation((line: string | Uint8Array, ...rest: unknown[]) => {
    written.err += String(line);
    for (const done of rest) if (typeof done === 'function') done();
    return true;
  });
  let isRestored = false;
  const restore = () => {
    if (isRestored) return;
    isRestored = true;
    log.mockRestore();
    process.chdir(before.cwd);
    setEnvironment(before.env);
  };
  // A test that fails does not wait for the end.
  onTestFinished(restore);
  let linesRead = 0;
  return {
    async nextLine() {
      await vi.waitFor(() => expect(written.out.split('\n').length).toBeGreaterThan(linesRead + 1), WAIT_FOR_LINE);
      return written.out.split('\n')[linesRead++] ?? '';
    },
    ended: runCommandLine(args, terminal, REFRESH_HERE)
      .finally(restore)
      .then((code) => ({ code, ...written })),
  };
}

const WAIT_FOR_LINE = { timeout: 10_000, interval: 10 };

/** Of a program that runs in `home`. */
export function environmentOf(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    DRAGOMAN_HOME: join(home, '.dragoman'),
    DRAGOMAN_KIRO_TOKEN_FILE: 'off',
    // Compiled code of earlier runs is as good here as there.
    XDG_CACHE_HOME: join(tmpdir(), 'dragoman-test-cache'),
  };
}

function setEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}

export function createHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'dragoman-test-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}
