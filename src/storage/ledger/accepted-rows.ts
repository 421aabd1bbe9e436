/**
 * How many rows a process has accepted, in a small file that survives a `kill -9`: what is written to a file stays in the
 * cache of the operating system. The database knows how many of them are stored; the next start finds the difference.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const DIGITS = 16;
const SUFFIX = '.rows';
/** After which a file of another machine or container is taken for one of a dead process. */
const FOREIGN_AFTER_MS = 10 * 60_000;

export interface AcceptedRows {
  readonly writer: number;
  readonly rows: number;
  /** When the file was last written. */
  readonly atMs: number;
}

/** The file of this process. Without one, if it could not be created, rows that a kill loses are not counted. */
export class AcceptedRowsFile {
  /** Why there is no file. */
  readonly problem: string | undefined;
  readonly #path: string;
  #file: number | undefined;
  readonly #bytes = Buffer.alloc(DIGITS, '0');

  constructor(folder: string, writer: number) {
    this.#path = join(folder, `${writer}${SUFFIX}`);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#file = openSync(this.#path, 'wx', 0o600);
      writeSync(this.#file, `${this.#bytes}\n${JSON.stringify(thisProcess())}\n`, 0);
    } catch (cause) {
      this.problem = cause instanceof Error ? cause.message : String(cause);
      this.#stop();
    }
  }

  /** Some microseconds. Never throws. */
  write(rows: number): void {
    if (this.#file === undefined) return;
    this.#bytes.write(String(rows).padStart(DIGITS, '0'), 'latin1');
    try {
      writeSync(this.#file, this.#bytes, 0, DIGITS, 0);
    } catch {
      this.#stop();
    }
  }

  /** Nothing is waiting any more. */
  remove(): void {
    if (this.#file === undefined) return;
    this.#stop();
    removeAcceptedRows(this.#path);
  }

  /** Keeps the file for the next start. */
  close(): void {
    this.#stop();
  }

  #stop(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

const processIdentity = z.object({ pid: z.int(), started: z.string(), host: z.string() });
type ProcessIdentity = z.infer<typeof processIdentity>;

function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid), host: hostname() };
}

/** Files of processes that have ended, with their paths. */
export function* acceptedByEnded(folder: string, nowMs: number): Generator<AcceptedRows & { readonly path: string }> {
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const found = readFile(path);
    if (!found) continue;
    const { identity, rows, atMs } = found;
    const hasEnded = identity.host === hostname() ? !isAlive(identity) : nowMs - atMs > FOREIGN_AFTER_MS;
    if (hasEnded) yield { path, writer: Number(name.slice(0, -SUFFIX.length)), rows, atMs };
  }
}

export function removeAcceptedRows(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process has removed it.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d{1,15}\.rows$/.test(name));
  } catch {
    return [];
  }
}

/** Undefined if it is not complete: its process has not accepted anything yet. */
function readFile(path: string) {
  try {
    const [count = '', json = ''] = readFileSync(path, 'latin1').split('\n');
    const rows = /^\d{16}$/.test(count) ? Number(count) : undefined;
    const identity = processIdentity.parse(JSON.parse(json));
    return rows === undefined ? undefined : { identity, rows, atMs: statSync(path).mtimeMs };
  } catch {
    return undefined;
  }
}

/** Process ids are used again, above all in containers: the time of the start tells two processes apart. */
function isAlive({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EPERM')) return false;
  }
  return startOf(pid) === started;
}

/** In ticks since the machine's start; empty where /proc does not exist. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in parentheses, may contain spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
