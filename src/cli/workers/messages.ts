/** What the parent process of `dragoman serve --workers` and its workers (serve-worker.ts) send each other. */
import type { Serving } from '../../compose-server.ts';
import type { LoadedSettings, Settings } from '../../config.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { CapsuleResult } from '../../http/admin/ports.ts';
import type { MetricsSnapshot } from '../../metrics/ports.ts';
import type { CounterAnswer, CounterRequest } from './worker-counters.ts';

export type ToWorker =
  | StartWorker
  /** Applies the settings that can change without a restart. */
  | { readonly type: 'reload'; readonly settings: Settings }
  /** To be answered with `metrics`. */
  | { readonly type: 'read-metrics'; readonly id: number }
  /** The answer to `collect-metrics`. */
  | { readonly type: 'metrics-of-others'; readonly snapshots: readonly MetricsSnapshot[] }
  /** The answer to `count-key-use`. */
  | { readonly type: 'key-use'; readonly id: number; readonly answer: CounterAnswer }
  /** To be answered with `capsule`. */
  | { readonly type: 'find-capsule'; readonly id: number; readonly requestId: string; readonly withText: boolean }
  /** The answer to `ask-for-capsule`. */
  | { readonly type: 'capsule-of-others'; readonly id: number; readonly result: CapsuleResult | undefined }
  /** Ends after a limited time for open replies. */
  | { readonly type: 'stop' };

/** The parent's settings rather than those of the moment: a worker that is replaced must not differ from the others. */
export interface StartWorker {
  readonly type: 'start';
  /** From 1; a replacement has the number of the worker it replaces. */
  readonly number: number;
  readonly settings: Settings;
  readonly origins: LoadedSettings['origins'];
  /** The file that the user ran, for the commands in log messages. */
  readonly program: string;
}

export interface CapsuleQuestion {
  /** Of the worker that asks. */
  readonly id: number;
  readonly requestId: string;
  readonly withText: boolean;
}

export type FromWorker =
  /** The code is loaded; `start` may be sent. */
  | { readonly type: 'loaded' }
  | { readonly type: 'serving'; readonly serving: ServingFacts }
  /** The worker could not start and ends. */
  | { readonly type: 'failed'; readonly error: StartFailure }
  | { readonly type: 'reloaded'; readonly problem: string | undefined }
  | { readonly type: 'metrics'; readonly id: number; readonly snapshot: MetricsSnapshot }
  /** Counts the use of a client key, for all workers. */
  | { readonly type: 'count-key-use'; readonly id: number; readonly request: CounterRequest }
  /** Another worker may have captured the request. */
  | { readonly type: 'ask-for-capsule'; readonly question: CapsuleQuestion }
  | { readonly type: 'capsule'; readonly id: number; readonly result: CapsuleResult | undefined }
  /** The worker writes the page of metrics, with those of the others on it. */
  | { readonly type: 'collect-metrics' };

/** The facts about a running gateway that are printed when it is ready. */
export interface ServingFacts extends Pick<Serving, 'accounts' | 'keys' | 'isLocalMode' | 'newAdminToken'> {
  readonly server: Pick<Serving['server'], 'url' | 'port' | 'adminUrl'>;
  /** For a one-time link to the console; undefined if no terminal shows it. */
  readonly ticket: string | undefined;
}

export interface StartFailure {
  /** undefined: not an error of the gateway, such as a port that is in use. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
}
