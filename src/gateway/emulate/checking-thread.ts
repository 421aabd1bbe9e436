/**
 * The thread that runs slow schema checks, one at a time. It starts with the first check and ends after a while without
 * any, to free its memory: starting it takes longer than most checks.
 */
import { Worker } from 'node:worker_threads';
import { Semaphore } from '../../core/async.ts';
import { GatewayError } from '../../core/errors.ts';
import type { SchemaResult, SchemaTask } from './schema-thread.ts';

/** Compiling and checking take at most a second each; the rest allows for starting the thread on a busy machine. */
const TIMEOUT_MS = 6_000;
const IDLE_MS = 10_000;
const MEMORY_MIB = 256;
/** Kept small because each check may use a whole processor; most take milliseconds. */
const MAX_WAITING = 15;

/** tools/bundle.ts replaces it with the URL of the compiled file. */
const THREAD = new URL('./schema-thread.ts', import.meta.url);

export class CheckingThread {
  readonly #queue = new Semaphore(1, MAX_WAITING);
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
  run(task: SchemaTask): Promise<SchemaResult> {
    return this.#queue.run(() => this.#run(task));
  }

  async #run(task: SchemaTask): Promise<SchemaResult> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    try {
      return await resultOf(worker, task);
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
    // An idle thread must not keep the process alive, nor its failure end it: the current task rejects on a failure.
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

function resultOf(worker: Worker, task: SchemaTask): Promise<SchemaResult> {
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
    worker.postMessage(task);
  });
}
