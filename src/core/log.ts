/** The log as the lower layers see it. Fields never hold secrets or users' text. */
export interface Log {
  /** Absent while the level is off: `log.debug?.({ … }, '…')` then builds no fields. */
  readonly debug?: WriteLog | undefined;
  readonly info: WriteLog;
  /**
   * As `info`, with the present time, but the line is described when it is written, together with others: off the path of what it
   * reports. `describe` must return then what it would return now. Absent: use `info`.
   */
  readonly infoLater?: ((describe: () => LogLine) => void) | undefined;
  readonly warn: WriteLog;
  readonly error: WriteLog;
}

/** Those that write at once. */
export type LogLevelName = Exclude<keyof Log, 'infoLater'>;

export interface LogLine {
  readonly fields: object;
  readonly message: string;
}

type WriteLog = (fields: object, message: string) => void;

export const SILENT: Log = { info() {}, warn() {}, error() {} };
