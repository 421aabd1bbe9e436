/** The log as the lower layers see it. Fields never hold secrets or users' text. */
export interface Log {
  /** Absent while the level is off: `log.debug?.({ … }, '…')` then builds no fields. */
  readonly debug?: WriteLog | undefined;
  readonly info: WriteLog;
  readonly warn: WriteLog;
  readonly error: WriteLog;
}

type WriteLog = (fields: object, message: string) => void;

export const SILENT: Log = { info() {}, warn() {}, error() {} };
