/**
 * The thread in which slow schema checks run, one at a time. It starts with the first of them, stays for the next ones,
 * since starting takes longer than most checks, and ends when it has been idle, which gives its memory back.
 */
import { Worker } from 'node:worker_threads';
import { Semaphore } from '../../core/async.ts';
import { GatewayError } from '../../core/errors.ts';
import type { SchemaOrder, SchemaResult } from './schema-thread.ts';

/** Compiling and checking take a second each at most; the rest is for starting the thread on a busy machine. */
const TIMEOUT_MS = 6_000;
const IDLE_MS = 10_000;
const MEMORY_MIB = 256;
/** Most checks take milliseconds, and each may take all of a processor. */
const MAX_WAITING = 15;

/** In a checkout Node runs the source; the package has what was compiled from it. */
const THREAD = new URL(`./schema-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

export class CheckingThread {
  readonly #turns = new Semaphore(1, MAX_WAITING);
  readonly #idleMs: number;
  readonly #memoryMib: number;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor({ idleMs = IDLE_MS, memoryMib = MEMORY_MIB } = {}) {
    this.#idleMs = idleMs;
    this.#memoryMib = memoryMib;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Rejects with `QueueFullError`, or with `output_invalid` if the check takes too much time or memory. */
  run(order: SchemaOrder): Promise<SchemaResult> {
    return this.#turns.run(() => this.#run(order));
  }

  async #run(order: SchemaOrder): Promise<SchemaResult> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    try {
      return await answerOf(worker, order);
    } catch (cause) {
      this.#end(worker);
      throw cause;
    } finally {
      this.#idle = setTimeout(() => this.#end(worker), this.#idleMs).unref();
    }
  }

  #start(): Worker {
    const worker = new Worker(THREAD, {
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: this.#memoryMib },
    });
    // Neither an idle thread nor its failure keeps or ends the process: the order at hand hears of both.
    worker.on('error', () => this.#end(worker)).on('exit', () => this.#end(worker));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #end(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
    worker.terminate().catch(() => {});
  }
}

function answerOf(worker: Worker, order: SchemaOrder): Promise<SchemaResult> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onFailure).off('exit', onFailure);
      worker.unref();
      act();
    };
    const onMessage = (result: SchemaResult) => settle(() => resolve(result));
    const onFailure = () =>
      settle(() =>
        reject(
          new GatewayError('output_invalid', 'The JSON schema takes too much time or memory to check. Simplify it.'),
        ),
      );
    const timer = setTimeout(onFailure, TIMEOUT_MS);
    worker.on('message', onMessage).on('error', onFailure).on('exit', onFailure);
    worker.ref();
    worker.postMessage(order);
  });
}
