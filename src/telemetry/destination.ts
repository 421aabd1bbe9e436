/** Writes the log to standard error without blocking on its reader, and drops lines that nothing reads. */
import { fstatSync } from 'node:fs';
import { pino } from 'pino';

export interface LogDestination {
  write(line: string | Uint8Array): void;
  /** Resolves when everything is written, or after a time limit. */
  flush(): Promise<void>;
}

/** Lines beyond this are dropped while nothing reads; enough for about 3,000 requests. */
const MAX_WAITING_BYTES = 1024 * 1024;
const FLUSH_TIMEOUT_MS = 1_000;

export function standardError(): LogDestination {
  return isRead(2) ? pipe(process.stderr) : file();
}

/** True for pipes and sockets, whose reader may stop reading, unlike files and terminals. */
export function isRead(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

/** Node writes to pipes without blocking; a blocked write on a file's thread would keep the process alive. */
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
          `${JSON.stringify({ level: 40, msg: `${dropped} log lines were dropped because nothing read standard error` })}\n`,
        );
      dropped = 0;
      stream.write(line);
    },
    flush: () => whenWritten(stream),
  };
}

function file(): LogDestination {
  const target = pino.destination({ fd: 2, sync: process.stderr.isTTY === true, maxLength: MAX_WAITING_BYTES });
  // The terminal was closed. There is nowhere to report it, and `flushSync` would repeat the write forever.
  let isBroken = false;
  target.on('error', () => {
    isBroken = true;
  });
  return {
    write(line) {
      if (!isBroken) target.write(typeof line === 'string' ? line : Buffer.from(line).toString());
    },
    async flush() {
      if (!isBroken) target.flushSync();
    },
  };
}

/** Resolves when the stream's writes are done, or after FLUSH_TIMEOUT_MS if its reader is stuck. */
export async function whenWritten(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_TIMEOUT_MS);
  stream.write('', () => resolve());
  await promise;
  clearTimeout(timer);
}
