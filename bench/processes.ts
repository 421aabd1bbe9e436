/** Starts the benchmark's processes, pinned to cores if possible, and ends all of them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type Role = 'subject' | 'load' | 'upstream';

export interface Started {
  readonly name: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** The end of its standard error, for error messages. */
  complaints(): string;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Opens an IPC channel. */
  readonly talks?: boolean;
}

const STOP_LIMIT_MS = 5_000;
const COMPLAINT_BYTES = 2_000;

export class Processes {
  readonly #cores = chooseCores();
  readonly #running = new Set<ChildProcess>();
  /** Standard error goes to files, because reading it here would cost time on the subject's core. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'dragoman-bench-'));
  #started = 0;
  readonly #end = () => {
    for (const child of this.#running) child.kill('SIGKILL');
    this.#removeFolder();
  };

  constructor() {
    // Last resort: however this process ends, the others end with it.
    process.on('exit', this.#end);
  }

  /** Ends every process and removes the folder. Needed besides the exit handler, which test runners do not run. */
  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#end);
    const gone = [...this.#running].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.#running) child.kill('SIGKILL');
    await Promise.all(gone);
    this.#removeFolder();
  }

  /** The core of each role; undefined if processes cannot be pinned. */
  get cores(): Readonly<Record<Role, number>> | undefined {
    return this.#cores;
  }

  /** Creates an empty directory that is removed when this process exits. */
  makeFolder(name: string): string {
    return mkdtempSync(join(this.#folder, `${name}-`));
  }

  start(name: string, role: Role, command: string, args: readonly string[], options: StartOptions = {}): Started {
    const { talks = false, ...rest } = options;
    const log = join(this.#folder, `${++this.#started}.log`);
    const logFile = openSync(log, 'a');
    const core = this.#cores?.[role];
    // taskset executes the command in place, so the pid stays the same.
    const [file, before] = core === undefined ? [command, []] : ['taskset', ['-c', String(core), command]];
    const child = spawn(file, [...before, ...args], {
      ...rest,
      stdio: ['ignore', 'ignore', logFile, ...(talks ? (['ipc'] as const) : [])],
    });
    closeSync(logFile);
    child.once('error', () => undefined); // Reported below, since it has no pid.
    if (child.pid === undefined) throw new Error(`Could not start ${name}. Check that ${command} is installed.`);
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return { name, pid: child.pid, process: child, complaints: () => endOf(log) };
  }

  /** A process that was killed a moment ago may still be writing. */
  #removeFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async stop({ process: child }: Started): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const giveUp = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await gone;
    clearTimeout(giveUp);
  }
}

/** The end of a file that may be long. */
function endOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(COMPLAINT_BYTES);
    const length = readSync(file, bytes, 0, bytes.length, Math.max(0, fstatSync(file).size - bytes.length));
    return bytes.toString('utf8', 0, length).trim();
  } finally {
    closeSync(file);
  }
}

/** Waits until something accepts connections on the port. Returns how long that took, in milliseconds. */
export async function untilListening(port: number, started: Started, limitMs = 20_000): Promise<number> {
  const beganMs = performance.now();
  while (performance.now() - beganMs < limitMs) {
    if (started.process.exitCode !== null) break;
    if (await accepts(port)) return performance.now() - beganMs;
    await sleep(2);
  }
  throw new Error(`${started.name} does not listen on port ${port}: ${started.complaints() || 'no output'}`);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export function isInstalled(command: string, versionFlag: string): boolean {
  return spawnSync(command, [versionFlag], { stdio: 'ignore' }).error === undefined;
}

/** `0-2,5` → 0, 1, 2, 5: the form of Cpus_allowed_list in /proc/PID/status. */
export function parseCoreList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** The subject has its own core. On two cores, load and upstream share the other one. */
function chooseCores(): Record<Role, number> | undefined {
  const allowed = parseCoreList(/^Cpus_allowed_list:(.*)$/m.exec(readStatus())?.[1] ?? '');
  const [subject, load, upstream = load] = allowed;
  if (subject === undefined || load === undefined || upstream === undefined) return undefined;
  return isInstalled('taskset', '--version') ? { subject, load, upstream } : undefined;
}

function readStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
