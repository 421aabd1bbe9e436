/** The clock as a port: the layers below `transport` know only this interface, so that tests can replace it. */

/** Cancels what it was returned for; does nothing afterwards. */
export type Cancel = () => void;

/** Time and chance, passed in so that every rule about waiting can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since an arbitrary moment. Never goes back, so that it measures durations. */
  elapsed(): number;
  /** Rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `work` once after `ms`. Does not keep the process alive. */
  schedule(ms: number, work: () => void): Cancel;
  /** From 0 to below 1, for jitter. */
  random(): number;
}
