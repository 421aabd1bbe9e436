/** The log on standard error: pretty on a terminal, JSON lines otherwise. Redacts secrets. */
import type { Log, LogLine } from '../core/log.ts';
import { LogDestination } from './destination.ts';
import { JsonLines } from './json-line.ts';
import { createRedactor } from './redact.ts';
import { formatForTerminal } from './terminal-format.ts';

/** The numbers are pino's. */
const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Number.POSITIVE_INFINITY };

export interface LogOptions {
  readonly level: keyof typeof LEVELS;
  readonly format: 'auto' | 'pretty' | 'json';
  /** Configured secrets, redacted even inside other text. */
  readonly secrets: readonly string[];
  readonly colour: boolean;
  /** Changes a line for a terminal before it is written. */
  readonly reword?: (line: string) => string;
  readonly isTerminal: boolean;
  /** The number of the process, in every line, if several serve together. */
  readonly worker?: number | undefined;
  /** Replaces standard error as the destination. */
  readonly write?: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface RunningLog extends Log {
  /** Changes level and secrets for later lines. */
  reconfigure(options: Pick<LogOptions, 'level' | 'secrets'>): void;
  /** Resolves when all lines are written, or after a second if standard error is not read. */
  flush(): Promise<void>;
}

export function createLog({
  level,
  format,
  secrets,
  colour,
  isTerminal,
  reword = (line) => line,
  worker,
  write,
  now = Date.now,
}: LogOptions): RunningLog {
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const destination = write ? directly(write) : LogDestination.standardError();
  let minimum = LEVELS[level];
  let lines = new JsonLines(createRedactor(secrets), worker);

  function lineOf(severity: number, nowMs: number, fields: object, message: string): string {
    const line = lines.write(severity, nowMs, fields, message);
    return isPretty ? reword(formatForTerminal(line, colour)) : line;
  }

  function writer(severity: number) {
    return (fields: object, message: string): void => {
      if (severity < minimum) return;
      destination.write(lineOf(severity, now(), fields, message), severity >= LEVELS.warn);
    };
  }

  function infoLater(describe: () => LogLine): void {
    if (LEVELS.info < minimum) return;
    const nowMs = now();
    destination.writeLater(() => {
      try {
        const { fields, message } = describe();
        return lineOf(LEVELS.info, nowMs, fields, message);
      } catch (err) {
        return lineOf(LEVELS.error, nowMs, { err }, 'a line of the log could not be described');
      }
    });
  }

  const debug = writer(LEVELS.debug);
  return {
    get debug() {
      return minimum <= LEVELS.debug ? debug : undefined;
    },
    info: writer(LEVELS.info),
    infoLater,
    warn: writer(LEVELS.warn),
    error: writer(LEVELS.error),
    reconfigure(options) {
      minimum = LEVELS[options.level];
      lines = new JsonLines(createRedactor(options.secrets), worker);
    },
    flush: () => destination.flush(),
  };
}

/** Writes each line at once. */
function directly(write: (line: string) => void): Pick<LogDestination, 'write' | 'writeLater' | 'flush'> {
  return { write, writeLater: (describe) => write(describe()), flush: async () => {} };
}
