/**
 * Refreshes tokens in a process of their own (token-refresh-worker.ts), started when a refresh is due and ended when
 * none has been due for a while. Where it cannot be started, refreshes run in this process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Need, TokenRefresher } from './accounts/token-refresh.ts';
import { compileCacheVariables } from './compile-cache.ts';
import { withinTime } from './core/async.ts';
import type { Cancel } from './core/clock.ts';
import { type ErrorCode, GatewayError, type UpstreamFailure } from './core/errors.ts';
import type { Log, LogLevelName } from './core/log.ts';
import type { TokenRefreshSettings } from './token-refresh-settings.ts';
import { systemClock } from './transport/clock.ts';

/** tools/bundle.ts replaces it with the URL of the compiled file. */
const PROGRAM = new URL('./token-refresh-worker.ts', import.meta.url);
/** Starting takes a quarter of a second, staying costs a few dozen megabytes. */
const IDLE_MS = 10_000;
/** How long closing waits for pending refreshes: two calls of a token endpoint. */
const MAX_PENDING_MS = 25_000;
/** How long closing waits for an idle process to exit. */
const MAX_EXIT_MS = 2_000;

export interface ToTokenProcess {
  readonly number: number;
  readonly accountId: string;
  readonly need: Need;
  /** The same in every message. */
  readonly settings: TokenRefreshSettings;
}

export type FromTokenProcess =
  | { readonly type: 'refreshed'; readonly number: number }
  | { readonly type: 'failed'; readonly number: number; readonly error: Failure }
  /** There is a token that only this process has, since saving it failed. */
  | { readonly type: 'unsaved'; readonly isUnsaved: boolean }
  | { readonly type: 'log'; readonly level: LogLevelName; readonly fields: object; readonly message: string };

export interface ClosableTokenRefresher extends TokenRefresher {
  close(): Promise<void>;
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  readonly upstream: UpstreamFailure | undefined;
}

/** undefined: no process can be started. */
type Started = Promise<TokenProcess | undefined>;

export class TokenRefreshProcess implements ClosableTokenRefresher {
  readonly #settings: TokenRefreshSettings;
  readonly #log: Log;
  readonly #here: ClosableTokenRefresher;
  readonly #idleMs: number;
  #process: Started | undefined;
  #child: ChildProcess | undefined;
  #canStart = true;
  #cancelEnd: Cancel | undefined;

  /** `here`: for when no process can be started. */
  constructor(settings: TokenRefreshSettings, log: Log, here: ClosableTokenRefresher, idleMs = IDLE_MS) {
    this.#settings = settings;
    this.#log = log;
    this.#here = here;
    this.#idleMs = idleMs;
  }

  async refresh(accountId: string, need: Need): Promise<void> {
    this.#cancelEnd?.();
    this.#process ??= this.#start();
    const started = this.#process;
    const process = await started;
    if (!process) return this.#here.refresh(accountId, need);
    try {
      await process.refresh(accountId, need);
    } finally {
      if (process.isIdle && this.#canStart) this.#endLater(started, process);
    }
  }

  /** The process finishes and stores what it has begun, even if no caller waits for it any longer. */
  async close(): Promise<void> {
    this.#cancelEnd?.();
    this.#canStart = false;
    const process = await this.#process;
    this.#process = undefined;
    await Promise.all([process?.close(), this.#here.close()]);
  }

  async #start(): Started {
    if (!this.#canStart) return undefined;
    try {
      // In a session of its own, a signal to the gateway's process group does not reach it.
      const child = fork(PROGRAM, [], {
        detached: true,
        env: { ...withoutSettings(process.env), ...compileCacheVariables() },
        execArgv: [],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      await once(child, 'spawn');
      this.#child = child;
      child.once('exit', () => {
        if (this.#child === child) this.#process = undefined;
      });
      return new TokenProcess(child, this.#settings, this.#log);
    } catch (cause) {
      this.#canStart = false;
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#log.warn({ why }, 'could not start the token refresh process; a killed gateway may now lose a sign-in');
      return undefined;
    }
  }

  #endLater(started: Started, process: TokenProcess): void {
    this.#cancelEnd?.();
    this.#cancelEnd = systemClock.schedule(this.#idleMs, () => {
      // A second process would present the refresh token that this one has consumed.
      if (process.hasUnsaved) return this.#endLater(started, process);
      if (this.#process === started) this.#process = undefined;
      void process.close();
    });
  }
}

/** The settings that the process needs are sent to it; the rest, API keys among them, do not belong there. */
export function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('DRAGOMAN_')));
}

class TokenProcess {
  readonly #child: ChildProcess;
  readonly #settings: TokenRefreshSettings;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #count = 0;
  #hasUnsaved = false;

  constructor(child: ChildProcess, settings: TokenRefreshSettings, log: Log) {
    this.#child = child;
    this.#settings = settings;
    child.on('message', (message: FromTokenProcess) => {
      if (message.type === 'log') log[message.level]?.(message.fields, message.message);
      else if (message.type === 'unsaved') this.#hasUnsaved = message.isUnsaved;
      else this.#settle(message);
    });
    child.on('error', () => {});
    child.once('exit', () => this.#gone());
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  get hasUnsaved(): boolean {
    return this.#hasUnsaved && this.#child.connected;
  }

  refresh(accountId: string, need: Need): Promise<void> {
    const number = ++this.#count;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(number, waiting);
    // A pending refresh keeps the gateway's process alive; an idle token process does not.
    this.#child.ref();
    this.#child.channel?.ref();
    const message: ToTokenProcess = { number, accountId, need, settings: this.#settings };
    // If the process has just ended, its `exit` event rejects the promise.
    this.#child.send(message, undefined, undefined, () => {});
    return waiting.promise;
  }

  /** Pending refreshes still settle, within a bounded time. */
  async close(): Promise<void> {
    await this.#pending();
    if (!this.#child.connected) return;
    this.#child.ref();
    const gone = once(this.#child, 'exit', { signal: AbortSignal.timeout(MAX_EXIT_MS) }).catch(() => {});
    this.#child.disconnect();
    await gone;
    this.#child.unref();
  }

  async #pending(): Promise<void> {
    const all = Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    await withinTime(systemClock, MAX_PENDING_MS, all);
  }

  #settle(message: Extract<FromTokenProcess, { number: number }>): void {
    const waiting = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if (message.type === 'refreshed') waiting?.resolve();
    else waiting?.reject(new GatewayError(message.error.code, message.error.message, message.error));
    if (!this.isIdle) return;
    this.#child.unref();
    this.#child.channel?.unref();
  }

  #gone(): void {
    for (const { reject } of this.#waiting.values())
      reject(new GatewayError('upstream_broken', 'The token refresh process ended before it had a new access token.'));
    this.#waiting.clear();
  }
}
