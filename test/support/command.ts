/** Runs dragoman as a user does: a process of its own, with a home of its own and nothing of this machine's settings. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly home: string;
  /** The next line of standard output. */
  nextLine(): Promise<string>;
  /** Sends the signal, if any, and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; out: string; err: string }>;
}

export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  home = createHome(),
): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: home,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      DRAGOMAN_HOME: join(home, '.dragoman'),
      DRAGOMAN_KIRO_TOKEN_FILE: 'off',
      // Compiled code of earlier runs is as good here as there.
      XDG_CACHE_HOME: join(tmpdir(), 'dragoman-test-cache'),
      ...env,
    },
  });
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
    async end(signal) {
      if (signal) child.kill(signal);
      const [code] = await exited;
      return { code, ...written };
    },
  };
}

export function createHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'dragoman-test-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}
