/**
 * Has tokens made in a process of their own (token-process.ts), started when one is needed and let go when none has
 * been for a while. Where it cannot be started the work is done here.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { Need, TokenMaker } from './accounts/token-exchange.ts';
import type { Settings } from './config.ts';
import { type ErrorCode, GatewayError, type UpstreamFailure } from './core/errors.ts';
import type { Log } from './core/log.ts';

const PROGRAM = join(import.meta.dirname, `token-process${extname(import.meta.filename)}`);
/** Starting takes a quarter of a second, staying costs some dozens of megabytes. */
const IDLE_MS = 10_000;
/** What has nothing to do goes at once. */
const GOODBYE_MS = 2_000;

export type ToTokenProcess =
  | { readonly type: 'open'; readonly settings: Settings }
  | { readonly type: 'make'; readonly number: number; readonly accountId: string; readonly need: Need };

export type FromTokenProcess =
  | { readonly type: 'made'; readonly number: number }
  | { readonly type: 'failed'; readonly number: number; readonly error: Failure }
  | { readonly type: 'log'; readonly level: keyof Log; readonly fields: object; readonly message: string };

export interface ClosableTokenMaker extends TokenMaker {
  close(): Promise<void>;
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  readonly upstream: UpstreamFailure | undefined;
}

export class ApartTokenMaker implements ClosableTokenMaker {
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #here: TokenMaker;
  #process: Promise<TokenProcess | undefined> | undefined;
  #child: ChildProcess | undefined;
  #canStart = true;
  #idleTimer: NodeJS.Timeout | undefined;

  /** `here`: for when no process can be started. */
  constructor(settings: Settings, log: Log, here: TokenMaker) {
    this.#settings = settings;
    this.#log = log;
    this.#here = here;
  }

  async make(accountId: string, need: Need): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#process ??= this.#start();
    const process = await this.#process;
    if (!process) return this.#here.make(accountId, need);
    try {
      await process.make(accountId, need);
    } finally {
      if (process.isIdle) this.#letGoLater();
    }
  }

  /** What is under way is ended over there, and stored, whether anybody waits for it or not. */
  async close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#canStart = false;
    const process = await this.#process;
    this.#process = undefined;
    await process?.close();
  }

  async #start(): Promise<TokenProcess | undefined> {
    if (!this.#canStart) return undefined;
    try {
      // A session of its own: a signal to the gateway's whole group leaves it alone.
      const child = fork(PROGRAM, [], {
        detached: true,
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

  #letGoLater(): void {
    clearTimeout(this.#idleTimer);
    const process = this.#process;
    this.#idleTimer = setTimeout(() => {
      if (this.#process === process) this.#process = undefined;
      void process?.then((idle) => idle?.close());
    }, IDLE_MS).unref();
  }
}

class TokenProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #count = 0;

  constructor(child: ChildProcess, settings: Settings, log: Log) {
    this.#child = child;
    child.on('message', (message: FromTokenProcess) => {
      if (message.type === 'log') log[message.level](message.fields, message.message);
      else this.#settle(message);
    });
    child.on('error', () => {});
    child.once('exit', () => this.#gone());
    this.#send({ type: 'open', settings });
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
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

  async close(): Promise<void> {
    if (!this.#child.connected) return;
    this.#child.ref();
    const gone = once(this.#child, 'exit', { signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => {});
    this.#child.disconnect();
    await gone;
    this.#child.unref();
  }

  #settle(message: Exclude<FromTokenProcess, { type: 'log' }>): void {
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
