/** One run of an agent's command: its input, its output, and its interruption. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Sandbox } from './sandbox.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Standard input; without one it is empty. */
  readonly input?: string;
  /** Interrupts the run, as Ctrl-C does, when this promise settles. */
  readonly interruptWhen?: Promise<unknown> | undefined;
}

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs in the sandbox's folder with its home, and with a proxy that lets nothing leave this machine. */
export async function runCommand(command: Command, { home, folder, proxy }: Sandbox): Promise<Finished> {
  const child = spawn(command.file, command.args, {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: process.env.TMPDIR ?? '/tmp',
      SHELL: '/bin/bash',
      HTTP_PROXY: proxy.url,
      HTTPS_PROXY: proxy.url,
      NO_PROXY: '127.0.0.1,localhost',
      ...command.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    // In its own process group.
    detached: true,
  });
  child.stdin.on('error', () => {}); // an agent need not read its input
  child.stdin.end(command.input ?? '');
  void command.interruptWhen?.then(() => interrupt(child));
  const [stdout, stderr, exitCode] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((done, fail) => child.once('close', done).once('error', fail)),
  ]);
  return { exitCode, stdout, stderr };
}

/** Like Ctrl-C: signals every process of the group, because an agent may have several. */
function interrupt({ pid, exitCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGINT');
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const piece of stream) text += piece;
  return text;
}

/** The lines that are JSON objects, the format of agents' events. */
export function jsonLines<Event>(text: string): Event[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Event => JSON.parse(line));
}
