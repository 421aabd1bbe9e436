/** What run.ts and the load generator's process say to each other. */
import type { Wanted } from './replies.ts';
import type { Dialect } from './requests.ts';
import type { Spread } from './statistics.ts';

export interface LoadJob {
  readonly port: number;
  readonly dialect: Dialect;
  readonly wanted: Wanted;
  readonly mode: /** Each connection asks again as soon as its reply has ended. */
    | { readonly type: 'closed'; readonly connections: number }
    /** Requests come at a fixed rate whether or not earlier ones are done; waiting for a free connection counts. */
    | { readonly type: 'open'; readonly connections: number; readonly ratePerS: number }
    /** So many streams at once, none of which ends by itself. */
    | { readonly type: 'streams'; readonly streams: number };
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** The window ends early after so many replies. */
  readonly maxReplies: number;
  /** Every so-manieth reply is read in full and compared. */
  readonly sampleEvery: number;
}

export interface LoadResult {
  readonly elapsedMs: number;
  readonly replies: number;
  readonly frames: number;
  readonly repliesPerS: number;
  /** From the request to the first bytes of text, in milliseconds. */
  readonly firstTextMs: Spread;
  /** From the upstream's write to our read of a paced frame, in milliseconds. */
  readonly delayMs: Spread;
  readonly sampled: number;
  /** At most a few, in words; `failures` is their number. */
  readonly problems: readonly string[];
  readonly failures: number;
}

/** `opened`: all streams are open and the warm-up begins. `begin` and `end` enclose the measured window. */
export type LoadMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'opened' }
  | { readonly type: 'begin' }
  | { readonly type: 'end'; readonly result: LoadResult };
