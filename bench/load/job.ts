/** The messages between run.ts and the load generator's process. */

import type { Spread } from '../statistics.ts';
import type { Wanted } from '../upstream/replies.ts';
import type { RequestTarget } from './requests.ts';

/** Where and how to ask. */
export interface Target extends RequestTarget {
  readonly host: string;
  readonly port: number;
  /** Whether a reply must have exactly one delta for each of the upstream's frames. */
  readonly oneDeltaPerFrame: boolean;
}

export interface LoadJob {
  readonly target: Target;
  readonly wanted: Wanted;
  readonly mode: /** Each connection sends its next request as soon as a reply ends. */
    | { readonly type: 'closed'; readonly connections: number }
    /** Requests arrive at a fixed rate regardless of earlier ones; waiting for a free connection counts. */
    | { readonly type: 'open'; readonly connections: number; readonly ratePerS: number }
    /** Concurrent streams that do not end by themselves. */
    | { readonly type: 'streams'; readonly streams: number };
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** After the window: what its replies have left to do, such as writing their log and ledger, is counted with them. */
  readonly afterMs: number;
  /** The window ends early after this many replies. */
  readonly maxReplies: number;
  /** Every n-th reply is read in full and compared. */
  readonly sampleEvery: number;
  /** Sends `progress` after each n replies of the window. */
  readonly progressEvery?: number;
}

export interface LoadResult {
  readonly elapsedMs: number;
  readonly replies: number;
  readonly frames: number;
  readonly repliesPerS: number;
  /** From the request to the first bytes of text, in milliseconds. */
  readonly firstTextMs: Spread;
  /** From the upstream's write of a paced frame to its read here, in milliseconds. */
  readonly delayMs: Spread;
  readonly sampled: number;
  /** The first few problems; `failures` is their total number. */
  readonly problems: readonly string[];
  readonly failures: number;
}

/** `opened`: all streams are open and the warm-up begins. `begin` and `end` enclose the measured window. */
export type LoadMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'opened' }
  | { readonly type: 'begin' }
  | { readonly type: 'progress'; readonly replies: number }
  | { readonly type: 'end'; readonly result: LoadResult };
