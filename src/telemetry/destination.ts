/**
 * Writes the log to standard error in batches, without blocking on its reader. Drops lines while nothing reads.
 *
 * A write costs far more than the line in it: on a file 55 µs or more, since Node hands it to a thread and is woken by it,
 * on a pipe 15 µs. At 500 requests a second ten lines share one. Per line of a request, formatted and written in a process
 * that is otherwise idle: 155 µs before and 55 µs in batches (file), 88 and 49 µs (pipe); while busy 31 and 17, 25 and 10.
 */
import { fstatSync, write, writeSync } from 'node:fs';

/** Calls back with an error if not everything could be written. */
type Write = (text: string, done: (error?: Error | null) => void) => void;

const STANDARD_ERROR = 2;
const COLLECT_MS = 20;
/** Written at once. Larger than what 20 ms usually hold. */
const BATCH_CHARS = 64 * 1024;
/** Lines beyond this are dropped while nothing reads; enough for about 1,500 requests. */
const MAX_WAITING_CHARS = 1024 * 1024;
/** Of a request's line. */
const USUAL_CHARS = 700;
const FLUSH_TIMEOUT_MS = 1_000;

export class LogDestination {
  readonly #write: Write;
  #waiting: (string | (() => string))[] = [];
  /** Of the lines that wait. */
  #chars = 0;
  #dropped = 0;
  #lost = 0;
  #isWriting = false;
  /** What waits is to be written as soon as the write before it has ended. */
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor(write: Write) {
    this.#write = write;
  }

  /** Also writes the lines that wait when the process exits or crashes. */
  static standardError(): LogDestination {
    const isFile = fstatSync(STANDARD_ERROR).isFile();
    const destination = new LogDestination(isFile ? writeFile : writePieces);
    // One listener for all: in-process commands create a log each, and Node warns of more than ten.
    if (atExit.size === 0) process.on('exit', writeAllAtExit);
    atExit.add(() => destination.#writeAtExit());
    return destination;
  }

  /** Urgent lines are written at once, in order with other output, together with those that wait. */
  write(line: string, isUrgent: boolean): void {
    this.#add(line, line.length, isUrgent);
  }

  /** `line` is called when its batch is written, in the order of the lines. It must not throw. */
  writeLater(line: () => string): void {
    this.#add(line, USUAL_CHARS, false);
  }

  #add(line: string | (() => string), chars: number, isUrgent: boolean): void {
    if (this.#chars > MAX_WAITING_CHARS) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#chars += chars;
    if (isUrgent || this.#chars >= BATCH_CHARS) this.#send();
    else this.#timer ??= setTimeout(this.#send, COLLECT_MS).unref();
  }

  #take(): string {
    let batch = '';
    for (const line of this.#waiting) batch += typeof line === 'string' ? line : line();
    this.#waiting = [];
    this.#chars = 0;
    return batch;
  }

  /** Resolves when everything is written, or after a time limit. */
  async flush(): Promise<void> {
    this.#send();
    if (!this.#isWriting) return;
    this.#whenIdle ??= Promise.withResolvers();
    await withinTime(this.#whenIdle.promise);
  }

  readonly #send = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = this.#isWriting;
    if (this.#isWriting || this.#waiting.length === 0) return;
    const batch = this.#take();
    this.#isWriting = true;
    this.#write(batch, (error) => this.#written(batch, error));
  };

  #written(batch: string, error: Error | null | undefined): void {
    this.#isWriting = false;
    if (error) this.#lost += countLines(batch);
    // Right after a failure a report would be lost too, and so on forever.
    else this.#report();
    // Lines that came meanwhile wait for their time: under load each write would otherwise be followed by another at once.
    if (this.#isDue) this.#send();
    if (this.#isWriting) return;
    this.#whenIdle?.resolve();
    this.#whenIdle = undefined;
  }

  #report(): void {
    const reports = [
      this.#dropped > 0 ? `${this.#dropped} log lines were dropped because nothing read standard error` : undefined,
      this.#lost > 0 ? `${this.#lost} log lines were lost because writing to standard error failed` : undefined,
    ];
    for (const msg of reports) if (msg !== undefined) this.#waiting.push(`${JSON.stringify({ level: 40, msg })}\n`);
    this.#isDue ||= this.#dropped + this.#lost > 0;
    this.#dropped = 0;
    this.#lost = 0;
  }

  #writeAtExit(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(this.#take());
    try {
      for (let start = 0; start < bytes.length; ) start += writeSync(STANDARD_ERROR, bytes, start);
    } catch {
      // The reader is gone or stuck, and the process ends.
    }
  }
}

/** True for pipes and sockets, whose reader may stop reading, unlike files and terminals. */
export function isRead(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

function countLines(batch: string): number {
  return batch.split('\n').length - 1;
}

/** Several processes may write to one pipe; up to this many bytes are not mixed with others' (PIPE_BUF, pipe(7)). */
const ATOMIC_BYTES = 4_096;

function writePieces(text: string, done: (error?: Error | null) => void): void {
  const bytes = Buffer.from(text);
  const writeFrom = (start: number) => {
    const end = endOfPiece(bytes, start);
    // One after the other: Node joins writes that wait.
    process.stderr.write(bytes.subarray(start, end), (error) => {
      if (error || end === bytes.length) done(error);
      else writeFrom(end);
    });
  };
  writeFrom(0);
}

/** Whole lines; a longer line is a piece of its own. */
function endOfPiece(bytes: Buffer, start: number): number {
  if (bytes.length - start <= ATOMIC_BYTES) return bytes.length;
  const end = bytes.lastIndexOf('\n', start + ATOMIC_BYTES - 1) + 1;
  return end > start ? end : bytes.indexOf('\n', start) + 1;
}

function writeFile(text: string, done: (error?: Error | null) => void): void {
  const bytes = Buffer.from(text);
  const writeFrom = (start: number) => {
    write(STANDARD_ERROR, bytes, start, bytes.length - start, null, (error, written) => {
      if (error || start + written === bytes.length) done(error);
      else writeFrom(start + written);
    });
  };
  writeFrom(0);
}

/** Resolves when the stream's writes are done, or after FLUSH_TIMEOUT_MS if its reader is stuck. */
export async function whenWritten(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.write('', () => resolve());
  await withinTime(promise);
}

async function withinTime(work: Promise<void>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_TIMEOUT_MS);
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}

const atExit = new Set<() => void>();

function writeAllAtExit(): void {
  for (const write of atExit) write();
}
