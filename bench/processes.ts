/** Starts the benchmark's processes, each on its core where the machine lets us choose, and ends every one of them. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Role = 'subject' | 'load' | 'upstream';

export interface Started {
  readonly name: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** The last lines it wrote to standard error, for a message when it fails. */
  complaints(): string;
}

const STOP_LIMIT_MS = 5_000;
const COMPLAINT_CHARACTERS = 2_000;

export class Processes {
  readonly #cores = chooseCores();
  readonly #running = new Set<ChildProcess>();

  constructor() {
    // The last resort: whatever way this process ends, the others end with it.
    process.on('exit', () => {
      for (const child of this.#running) child.kill('SIGKILL');
    });
  }

  /** Which core each role has; undefined where cores cannot be chosen. */
  get cores(): Readonly<Record<Role, number>> | undefined {
    return this.#cores;
  }

  start(name: string, role: Role, command: string, args: readonly string[], options: SpawnOptions): Started {
    const core = this.#cores?.[role];
    const child =
      core === undefined
        ? spawn(command, args, options)
        : spawn('taskset', ['-c', String(core), command, ...args], options); // it becomes the command: same pid
    if (child.pid === undefined) throw new Error(`${name} does not start: is ${command} installed?`);
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk).slice(-COMPLAINT_CHARACTERS);
    });
    child.once('error', (error) => {
      complaints += error.message;
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return { name, pid: child.pid, process: child, complaints: () => complaints.trim() };
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

/** Waits until something accepts connections on the port. Returns how long that took, in milliseconds. */
export async function untilListening(port: number, started: Started, limitMs = 20_000): Promise<number> {
  const beganMs = performance.now();
  while (performance.now() - beganMs < limitMs) {
    if (started.process.exitCode !== null) break;
    if (await accepts(port)) return performance.now() - beganMs;
    await sleep(2);
  }
  throw new Error(`${started.name} does not listen on port ${port}: ${started.complaints() || 'it says nothing'}`);
}

/** A port which was free a moment ago. */
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

/** The subject has a core for itself. On two cores, load and upstream share the other one. */
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
