/** The log on standard error, through pino: pretty on a terminal, JSON otherwise. Redacts secrets. */
import { pino } from 'pino';
import type { Log } from '../core/log.ts';
import { standardError } from './destination.ts';
import { createRedactor } from './redact.ts';
import { formatForTerminal } from './terminal-format.ts';

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
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
}

export interface RunningLog extends Log {
  /** Changes level and secrets for later lines. */
  reconfigure(options: Pick<LogOptions, 'level' | 'secrets'>): void;
  /** Flushes buffered lines before the process exits; gives up on a stuck reader. */
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
}: LogOptions): RunningLog {
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const target = write ? { write, flush: async () => {} } : standardError();
  const logger = pino(
    { level, base: worker === undefined ? null : { worker }, timestamp: pino.stdTimeFunctions.isoTime },
    isPretty ? { write: (line: string) => void target.write(reword(formatForTerminal(line, colour))) } : target,
  );
  let redactor = createRedactor(secrets);

  function writer(name: 'debug' | 'info' | 'warn' | 'error') {
    return (fields: object, message: string): void => {
      if (logger.isLevelEnabled(name)) logger[name](redactor.fields(fields), redactor.text(message));
    };
  }

  const debug = writer('debug');
  return {
    get debug() {
      return logger.isLevelEnabled('debug') ? debug : undefined;
    },
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
