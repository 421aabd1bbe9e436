/** The limits of a client's key and what is left of them, for the headers in which each vendor reports them. */

export interface RateWindow {
  readonly limit: number;
  /** From 0 to `limit`. */
  readonly remaining: number;
  /** When the window ends and everything is available again, in milliseconds since the epoch. */
  readonly resetsAtMs: number;
}

/** A limit that the key does not have is absent. */
export interface RateLimits {
  readonly requests?: RateWindow | undefined;
  readonly tokens?: RateWindow | undefined;
}
