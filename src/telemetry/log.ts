/** The log: pino, pretty on a terminal and JSON elsewhere, on standard error. Nothing secret gets through it. */
import { pino } from 'pino';
import type { Log } from '../core/log.ts';
import { standardError } from './destination.ts';
import { createRedactor } from './redact.ts';
import { formatForTerminal } from './terminal-format.ts';

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly format: 'auto' | 'pretty' | 'json';
  /** Configured secrets, which must not appear even inside other text. */
  readonly secrets: readonly string[];
  readonly colour: boolean;
  /** Changes a line for a terminal before it is written. */
  readonly reword?: (line: string) => string;
  readonly isTerminal: boolean;
  /** Where lines go instead of standard error. */
  readonly write?: (line: string) => void;
}

export interface RunningLog extends Log {
  /** From now on. */
  reconfigure(options: Pick<LogOptions, 'level' | 'secrets'>): void;
  /** Writes out what is still in memory, before the process ends; gives up on a reader that is stuck. */
  flush(): Promise<void>;
}

export function createLog({
  level,
  format,
  secrets,
  colour,
  isTerminal,
  reword = (line) => line,
  write,
}: LogOptions): RunningLog {
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const target = write ? { write, flush: async () => {} } : standardError();
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    isPretty ? { write: (line: string) => void target.write(reword(formatForTerminal(line, colour))) } : target,
  );
  let redactor = createRedactor(secrets);

  function writer(name: 'debug' | 'info' | 'warn' | 'error') {
    return (fields: object, message: string): void => {
      if (logger.isLevelEnabled(name)) logger[name](redactor.fields(fields), redactor.text(message));
    };
  }

  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    reconfigure(options) {
      logger.level = options.level;
      redactor = createRedactor(options.secrets);
    },
    flush: () => target.flush(),
  };
}
