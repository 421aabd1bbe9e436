/** Standard error as the log writes to it: without waiting for its reader, and without keeping what nothing reads. */
import { fstatSync } from 'node:fs';
import { pino } from 'pino';

export interface LogDestination {
  write(line: string): void;
  /** Resolves when everything is written, or its reader has had enough time. */
  flush(): Promise<void>;
}

/** While nothing reads, later lines are dropped: about 3,000 requests. */
const MAX_WAITING_BYTES = 1024 * 1024;
const FLUSH_TIMEOUT_MS = 1_000;

export function standardError(): LogDestination {
  return isRead(2) ? pipe(process.stderr) : file();
}

/** A pipe or socket has a reader that may stop reading; files and terminals have none. */
function isRead(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

/** Node writes to these without blocking; a file's thread that blocked in a write would even keep the process alive. */
function pipe(stream: NodeJS.WriteStream): LogDestination {
  let dropped = 0;
  return {
    write(line) {
      if (stream.writableLength > MAX_WAITING_BYTES) {
        dropped++;
        return;
      }
      if (dropped > 0)
        stream.write(
          `${JSON.stringify({ level: 40, msg: `${dropped} lines of the log are missing: nothing read it` })}\n`,
        );
      dropped = 0;
      stream.write(line);
    },
    flush: () => whenWritten(stream),
  };
}

function file(): LogDestination {
  const target = pino.destination({ fd: 2, sync: process.stderr.isTTY === true, maxLength: MAX_WAITING_BYTES });
  // A terminal that was closed. There is no other place to report it, and `flushSync` would repeat the write for ever.
  let isBroken = false;
  target.on('error', () => {
    isBroken = true;
  });
  return {
    write(line) {
      if (!isBroken) target.write(line);
    },
    async flush() {
      if (!isBroken) target.flushSync();
    },
  };
}

/** Resolves when the stream's writes are done, or have taken FLUSH_TIMEOUT_MS: its reader is stuck. */
export async function whenWritten(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_TIMEOUT_MS);
  stream.write('', () => resolve());
  await promise;
  clearTimeout(timer);
}
