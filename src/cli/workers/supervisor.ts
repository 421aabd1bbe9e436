/**
 * Keeps the workers of `dragoman serve --workers` running: starts them, replaces each one that ends, passes new settings
 * on, and stops them together.
 */
import { withReloaded } from '../../config/changeable.ts';
import type { LoadedSettings, Settings } from '../../config.ts';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { unreachable } from '../../core/unreachable.ts';
import { CapsuleRelay } from './capsule-relay.ts';
import { CountersOfWorkers } from './counters-of-workers.ts';
import type { FromWorker, ServingFacts, StartFailure, ToWorker } from './messages.ts';
import { MetricsRelay } from './metrics-relay.ts';
import type { CounterRequest } from './worker-counters.ts';

export interface WorkerProcess {
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  /** Ends it at once. */
  kill(): void;
}

export interface WorkerEvents {
  received(message: FromWorker): void;
  /** The last event; also if the process could not be started. */
  ended(end: WorkerEnd): void;
}

export interface WorkerEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SupervisorOptions {
  readonly count: number;
  readonly fork: (events: WorkerEvents) => WorkerProcess;
  readonly settings: Settings;
  readonly origins: LoadedSettings['origins'];
  readonly program: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Delay before the first replacement, doubled by each further end in a row. */
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;
/** A worker that has served for this long was not broken from the start: its next replacement comes quickly again. */
const STEADY_AFTER_MS = 60_000;
/** If no worker serves and each has failed to start this many times in a row, the parent ends too. */
const MAX_FAILED_STARTS = 5;

/** The place of one worker and of those that replace it. */
interface Slot {
  readonly number: number;
  process: WorkerProcess | undefined;
  state: 'loading' | 'loaded' | 'starting' | 'serving' | 'ended';
  servingSinceMs: number;
  endsInARow: number;
  failedStarts: number;
  reloading: PromiseWithResolvers<string | undefined> | undefined;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: readonly Slot[];
  readonly #metrics: MetricsRelay;
  readonly #capsules: CapsuleRelay;
  readonly #keyUse = new CountersOfWorkers<WorkerProcess>();
  #settings: Settings;
  readonly #started = Promise.withResolvers<ServingFacts>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #allEnded = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  /** Set once the first worker serves. */
  #facts: ServingFacts | undefined;
  #isStarted = false;
  #isClean = true;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#metrics = new MetricsRelay(options.clock);
    this.#capsules = new CapsuleRelay(options.clock);
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      number: index + 1,
      process: undefined,
      state: 'ended',
      servingSinceMs: 0,
      endsInARow: 0,
      failedStarts: 0,
      reloading: undefined,
    }));
    this.#started.promise.catch(() => {});
    this.#failed.promise.catch(() => {});
  }

  /**
   * Resolves when every worker serves. The first one starts alone, because it prepares what is prepared once: the
   * database, the secret key, the admin token and the port. Rejects with its error if one cannot start, and ends the others.
   */
  start(): Promise<ServingFacts> {
    for (const slot of this.#slots) this.#fork(slot);
    return this.#started.promise;
  }

  /** Rejects if the workers keep ending and none serves. Never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Applies the reloadable settings in every worker and in those to come. Rejects if a worker could not. */
  async reconfigure(settings: Settings): Promise<Settings> {
    this.#settings = withReloaded(this.#settings, settings);
    const serving = this.#slots.filter(({ state }) => state === 'serving');
    const problems = await Promise.all(serving.map((slot) => this.#reload(slot, settings)));
    const problem = problems.find((one) => one !== undefined);
    if (problem !== undefined) throw new Error(problem);
    return settings;
  }

  /** Resolves when every worker has ended: with true if each one closed in time. */
  async stop(): Promise<boolean> {
    this.#stopping.abort();
    for (const { process } of this.#slots) process?.send({ type: 'stop' });
    this.#noteEnds();
    await this.#allEnded.promise;
    return this.#isClean;
  }

  #fork(slot: Slot): void {
    slot.state = 'loading';
    slot.process = this.#options.fork({
      received: (message) => this.#receive(slot, message),
      ended: (end) => this.#ended(slot, end),
    });
    this.#keyUse.began(slot.process);
  }

  #receive(slot: Slot, message: FromWorker): void {
    switch (message.type) {
      case 'loaded':
        slot.state = 'loaded';
        this.#release();
        break;
      case 'serving':
        this.#serves(slot, message.serving);
        break;
      case 'failed':
        this.#noteFailedStart(slot, message.error);
        break;
      case 'reloaded':
        slot.reloading?.resolve(message.problem);
        break;
      case 'collect-metrics':
        void this.#metrics.collect(this.#peerOf(slot), this.#others(slot));
        break;
      case 'ask-for-capsule':
        void this.#capsules.find(this.#peerOf(slot), this.#others(slot), message.question);
        break;
      case 'capsule':
        this.#capsules.receive(slot.number, message.id, message.result);
        break;
      case 'count-key-use':
        if (slot.process) void this.#countKeyUse(slot.process, message.id, message.request);
        break;
      case 'metrics':
        this.#metrics.receive(slot.number, message.id, message.snapshot);
        break;
      default:
        unreachable(message);
    }
  }

  async #countKeyUse(worker: WorkerProcess, id: number, request: CounterRequest): Promise<void> {
    const answer = await this.#keyUse.answer(worker, request);
    if (answer) worker.send({ type: 'key-use', id, answer });
  }

  #others(slot: Slot) {
    return this.#slots.filter((other) => other !== slot && other.state === 'serving').map(this.#peerOf);
  }

  #peerOf(slot: Slot) {
    return { number: slot.number, send: (message: ToWorker) => slot.process?.send(message) };
  }

  #noteFailedStart({ number }: Slot, { code, message: why }: StartFailure): void {
    if (this.#isStarted) this.#options.log.error({ worker: number, code, why }, 'a worker could not start');
    else this.#started.reject(code === undefined ? new Error(why) : new GatewayError(code, why));
  }

  /** Starts the workers that have loaded: until one serves, only one at a time. */
  #release(): void {
    for (const slot of this.#slots) {
      if (slot.state !== 'loaded') continue;
      if (!this.#hasAny('serving') && this.#hasAny('starting')) return;
      slot.state = 'starting';
      const { origins, program } = this.#options;
      const settings = this.#settingsToStart();
      slot.process?.send({ type: 'start', number: slot.number, settings, origins, program });
    }
  }

  /** Workers share the listening socket of a setting. With port 0, the next one after all have ended needs the number. */
  #settingsToStart(): Settings {
    if (this.#facts && !this.#hasAny('serving')) {
      const { port, adminUrl } = this.#facts.server;
      const adminPort = this.#settings.adminPort === undefined ? undefined : Number(new URL(adminUrl).port);
      this.#settings = { ...this.#settings, port, adminPort };
    }
    return this.#settings;
  }

  #serves(slot: Slot, facts: ServingFacts): void {
    const { clock, log } = this.#options;
    const { port } = facts.server;
    this.#facts ??= facts;
    // With port 0, a worker that listens while no other does gets another port than the one that was announced.
    if (port !== this.#facts.server.port) {
      log.error({ worker: slot.number, port }, 'a worker listens on another port; replacing it');
      slot.process?.kill();
      return;
    }
    Object.assign(slot, { state: 'serving', servingSinceMs: clock.now(), failedStarts: 0 });
    log.info({ worker: slot.number, pid: slot.process?.pid }, 'a worker serves');
    this.#release();
    if (this.#isStarted || this.#slots.some(({ state }) => state !== 'serving')) return;
    this.#isStarted = true;
    this.#started.resolve(this.#facts);
  }

  #ended(slot: Slot, end: WorkerEnd): void {
    const { state, servingSinceMs, process } = slot;
    const wasServing = state === 'serving';
    const wasSteady = wasServing && this.#options.clock.now() - servingSinceMs >= STEADY_AFTER_MS;
    if (process) this.#keyUse.ended(process);
    Object.assign(slot, { process: undefined, state: 'ended' });
    slot.reloading?.resolve(undefined);
    if (this.#stopping.signal.aborted) {
      if (end.exitCode !== 0) this.#isClean = false;
      this.#noteEnds();
    } else if (this.#isStarted) {
      slot.failedStarts += wasServing ? 0 : 1;
      if (wasSteady) slot.endsInARow = 0;
      this.#replace(slot, { pid: process?.pid, ...end });
    } else {
      this.#endStart(end);
    }
  }

  /** A start that fails ends every worker; the first error is the one that is reported. */
  #endStart({ exitCode, signal }: WorkerEnd): void {
    this.#stopping.abort();
    for (const { process } of this.#slots) process?.kill();
    this.#started.reject(new Error(`A worker ended while it was starting (${signal ?? `exit code ${exitCode}`}).`));
  }

  #replace(slot: Slot, fields: object): void {
    const { log } = this.#options;
    if (this.#isHopeless()) {
      log.error({ worker: slot.number, ...fields }, 'a worker ended, and no worker can start');
      this.#failed.reject(new Error('No worker can start. The log lines before this one have the reason.'));
      return;
    }
    const restartInMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(slot.endsInARow++, 20));
    log.error({ worker: slot.number, ...fields, restartInMs }, 'a worker ended; replacing it');
    this.#forkLater(slot, restartInMs);
    // Another one may have loaded and be waiting for this one to serve.
    this.#release();
  }

  #forkLater(slot: Slot, delayMs: number): void {
    // Slept rather than scheduled: the process has to live until then.
    this.#options.clock.sleep(delayMs, this.#stopping.signal).then(
      () => this.#fork(slot),
      () => {},
    );
  }

  #isHopeless(): boolean {
    return this.#slots.every(({ state, failedStarts }) => state !== 'serving' && failedStarts >= MAX_FAILED_STARTS);
  }

  #hasAny(wanted: Slot['state']): boolean {
    return this.#slots.some(({ state }) => state === wanted);
  }

  #noteEnds(): void {
    if (this.#slots.every(({ state }) => state === 'ended')) this.#allEnded.resolve();
  }

  #reload(slot: Slot, settings: Settings): Promise<string | undefined> {
    slot.reloading = Promise.withResolvers();
    slot.process?.send({ type: 'reload', settings });
    return slot.reloading.promise;
  }
}
