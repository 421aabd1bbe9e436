/**
 * Refreshes tokens in a process of their own (token-refresh-worker.ts), started when a refresh is due and ended when
 * none has been due for a while. Where it cannot be started, refreshes run in this process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { getCompileCacheDir } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { Need, TokenRefresher } from './accounts/token-refresh.ts';
import { withinTime } from './core/async.ts';
import type { Cancel } from './core/clock.ts';
import { type ErrorCode, GatewayError, type UpstreamFailure } from './core/errors.ts';
import type { Log } from './core/log.ts';
import type { TokenRefreshSettings } from './token-refresh-settings.ts';
import { systemClock } from './transport/clock.ts';

const PROGRAM = join(import.meta.dirname, `token-refresh-worker${extname(import.meta.filename)}`);
/** Starting takes a quarter of a second, staying costs some dozens of megabytes. */
const IDLE_MS = 10_000;
/** What is under way may take two calls of a token endpoint; longer than this nobody who wants to end waits for it. */
const PENDING_MS = 25_000;
/** What has nothing to do goes at once. */
const GOODBYE_MS = 2_000;

export type ToTokenProcess =
  | { readonly type: 'open'; readonly settings: TokenRefreshSettings }
  | { readonly type: 'make'; readonly number: number; readonly accountId: string; readonly need: Need };

export type FromTokenProcess =
  | { readonly type: 'made'; readonly number: number }
  | { readonly type: 'failed'; readonly number: number; readonly error: Failure }
  /** A token which the store has not taken: only that process has it. */
  | { readonly type: 'unsaved'; readonly isUnsaved: boolean }
  | { readonly type: 'log'; readonly level: keyof Log; readonly fields: object; readonly message: string };

export interface ClosableTokenRefresher extends TokenRefresher {
  close(): Promise<void>;
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  readonly upstream: UpstreamFailure | undefined;
}

/** undefined: it cannot be. */
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

  async make(accountId: string, need: Need): Promise<void> {
    this.#cancelEnd?.();
    this.#process ??= this.#start();
    const started = this.#process;
    const process = await started;
    if (!process) return this.#here.make(accountId, need);
    try {
      await process.make(accountId, need);
    } finally {
      if (process.isIdle && this.#canStart) this.#letGoLater(started, process);
    }
  }

  /** What is under way is ended over there, and stored, whether anybody waits for it or not. */
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
      // A session of its own: a signal to the gateway's whole group leaves it alone.
      const child = fork(PROGRAM, [], {
        detached: true,
        env: { ...withoutSettings(process.env), ...compileCache() },
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
      this.#log.warn({ why }, 'no process of its own for token refreshes; a killed gateway may cost a sign-in');
      return undefined;
    }
  }

  #letGoLater(started: Started, process: TokenProcess): void {
    this.#cancelEnd?.();
    this.#cancelEnd = systemClock.schedule(this.#idleMs, () => {
      // A second process would present the refresh token which this one has spent.
      if (process.hasUnsaved) return this.#letGoLater(started, process);
      if (this.#process === started) this.#process = undefined;
      void process.close();
    });
  }
}

/** The settings that the process needs are sent to it; the rest, API keys among them, do not belong there. */
export function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('DRAGOMAN_')));
}

/** This process's cache of compiled code, which halves the other's start. Node keeps a folder per version in it. */
function compileCache(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

class TokenProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #count = 0;
  #hasUnsaved = false;

  constructor(child: ChildProcess, settings: TokenRefreshSettings, log: Log) {
    this.#child = child;
    child.on('message', (message: FromTokenProcess) => {
      if (message.type === 'log') log[message.level](message.fields, message.message);
      else if (message.type === 'unsaved') this.#hasUnsaved = message.isUnsaved;
      else this.#settle(message);
    });
    child.on('error', () => {});
    child.once('exit', () => this.#gone());
    this.#send({ type: 'open', settings });
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  get hasUnsaved(): boolean {
    return this.#hasUnsaved && this.#child.connected;
  }

  make(accountId: string, need: Need): Promise<void> {
    const number = ++this.#count;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(number, waiting);
    // Whoever waits for a token keeps the gateway's process alive; a token process without work doesn't.
    this.#child.ref();
    this.#child.channel?.ref();
    this.#send({ type: 'make', number, accountId, need });
    return waiting.promise;
  }

  /** Those who wait for a token still hear of it, within a bounded time. */
  async close(): Promise<void> {
    await this.#pending();
    if (!this.#child.connected) return;
    this.#child.ref();
    const gone = once(this.#child, 'exit', { signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => {});
    this.#child.disconnect();
    await gone;
    this.#child.unref();
  }

  async #pending(): Promise<void> {
    const all = Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    await withinTime(systemClock, PENDING_MS, all);
  }

  #settle(message: Extract<FromTokenProcess, { number: number }>): void {
    const waiting = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if (message.type === 'made') waiting?.resolve();
    else waiting?.reject(new GatewayError(message.error.code, message.error.message, message.error));
    if (!this.isIdle) return;
    this.#child.unref();
    this.#child.channel?.unref();
  }

  #gone(): void {
    for (const { reject } of this.#waiting.values())
      reject(new GatewayError('upstream_broken', 'The process which makes access tokens ended before it had one.'));
    this.#waiting.clear();
  }

  /** A process which has just gone tells so by its exit. */
  #send(message: ToTokenProcess): void {
    this.#child.send(message, undefined, undefined, () => {});
  }
}
