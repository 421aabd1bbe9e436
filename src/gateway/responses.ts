/**
 * Responses which outlive their request: kept for their client to fetch and to continue, and made in the background
 * for clients who do not wait. A response belongs to the client who asked for it; nobody else's key finds it.
 */
import { every } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import type { ResponseStore, StoredResponse } from './response-store.ts';
import { eventsAfter, Run } from './run.ts';
import { itemsNamed, itemsUntil } from './stored-history.ts';

export interface ResponsesContext {
  readonly store: ResponseStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** How a response is made. */
export interface Work {
  /** As far as it is. */
  readonly response: JsonObject;
  /** To the end, saying its events. Does not reject: a failure is a response too. */
  carryOut(run: Run): Promise<void>;
}

/** What is stored of a response besides how it stands. */
export type KeptResponse = Omit<StoredResponse, 'state' | 'aliveUntilMs'>;

export class Responses {
  readonly #context: ResponsesContext;
  readonly #running = new Map<string, Running>();

  constructor(context: ResponsesContext) {
    this.#context = context;
  }

  /** With what a response in the making has so far. Rejects with `storage_unavailable`. */
  async find(client: string, id: string): Promise<StoredResponse | undefined> {
    const { store, clock } = this.#context;
    const stored = await store.find(client, id, clock.now());
    if (stored?.state !== 'running') return stored;
    const running = this.#running.get(id);
    if (running) return { ...stored, response: running.work.response };
    if (clock.now() < stored.aliveUntilMs) return stored;
    return { ...stored, state: 'ended', response: { ...stored.response, ...ABANDONED } };
  }

  /** All that was said until the end of a response: see `said-before.ts`. */
  itemsUntil(client: string, id: string, gone: AbortSignal): Promise<readonly JsonObject[] | undefined> {
    return itemsUntil((next) => this.find(client, next), id, gone);
  }

  /** Items of the client's responses by their ids, given for each response: see `said-before.ts`. */
  itemsNamed(
    client: string,
    wanted: ReadonlyMap<string, readonly string[]>,
    gone: AbortSignal,
  ): Promise<ReadonlyMap<string, JsonObject>> {
    return itemsNamed((id) => this.find(client, id), wanted, gone);
  }

  /** Never rejects: a reply which cannot be stored is a reply all the same. */
  async keep(client: string, response: KeptResponse): Promise<void> {
    try {
      await this.#put(client, { ...response, state: 'ended', aliveUntilMs: 0 });
    } catch (cause) {
      this.#warn(client, cause);
    }
  }

  /** False when there is no such response. One in the making is called off. */
  async remove(client: string, id: string): Promise<boolean> {
    const running = this.#running.get(id);
    if (running?.client === client) running.run.stop(new Cancelled());
    return this.#context.store.remove(client, id);
  }

  /**
   * Begins to make a response in the background, and resolves once it is stored as begun. Rejects when it cannot be:
   * nobody could ever fetch it.
   */
  async begin(client: string, begun: KeptResponse, work: Work): Promise<Run> {
    const mine = [...this.#running.values()].filter((running) => running.client === client).length;
    if (mine >= MAX_RUNNING) {
      const message = `There are ${mine} responses of this key in the making already; wait for one of them.`;
      throw new GatewayError('rate_limited', message, { retryAfterMs: 5_000 });
    }
    const run = new Run();
    const { events } = begun;
    if (events !== undefined) run.say(events);
    const stored = this.#put(client, { ...begun, state: 'running', aliveUntilMs: this.#aliveUntilMs });
    // It has its place before anything is waited for: whoever comes meanwhile is to find it taken.
    const done = stored
      .then(
        () => this.#carryOut(client, begun, run, work),
        () => undefined,
      )
      .finally(() => {
        this.#running.delete(begun.id);
        run.end();
      });
    this.#running.set(begun.id, { client, run, work, done });
    try {
      await stored;
    } catch (cause) {
      await done;
      throw cause;
    }
    return run;
  }

  async #carryOut(client: string, begun: KeptResponse, run: Run, work: Work): Promise<void> {
    const stopPulse = every(this.#context.clock, PULSE_MS, () => void this.#beat(client, begun.id, run));
    try {
      await work.carryOut(run);
      const events = begun.events === undefined ? undefined : run.said;
      await this.#end(client, { ...begun, response: work.response, events, state: 'ended', aliveUntilMs: 0 });
    } catch (cause) {
      this.#warn(client, cause);
    } finally {
      stopPulse();
    }
  }

  /** Stops a response in the making, here or in another process, and answers what it came to. */
  async cancel(client: string, id: string): Promise<StoredResponse | undefined> {
    const stored = await this.find(client, id);
    if (stored?.state !== 'running') return stored;
    const running = this.#running.get(id);
    if (running) {
      running.run.stop(new Cancelled());
      await running.done;
      return this.find(client, id);
    }
    const response = { ...stored.response, status: 'cancelled' };
    const cancelled: StoredResponse = { ...stored, response, state: 'cancelled' };
    // It may have ended, or been deleted, since it was read.
    return (await this.#end(client, cancelled)) ? cancelled : this.find(client, id);
  }

  /**
   * What a response said after an event, and goes on to say. Undefined when its events are not kept, or another
   * process is saying them.
   */
  eventsOf(stored: StoredResponse, afterSequence: number): EventsUntil | undefined {
    const { events } = stored;
    if (events === undefined) return undefined;
    const running = this.#running.get(stored.id);
    if (running) return (gone) => running.run.eventsAfter(afterSequence, gone);
    if (stored.state === 'running') return undefined;
    return () => once(eventsAfter(events, afterSequence));
  }

  /** What is in the making has `timeoutMs` to end; the rest ends as failed, and is stored so. */
  async close(timeoutMs: number): Promise<void> {
    const stop = () => {
      const stopping = new GatewayError('shutting_down', 'The gateway was stopped while this response was being made.');
      for (const { run } of this.#running.values()) run.stop(stopping);
    };
    const cancel = this.#context.clock.schedule(timeoutMs, stop);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    cancel();
  }

  #put(client: string, stored: StoredResponse): Promise<void> {
    return this.#context.store.put(client, stored, this.#context.clock.now());
  }

  #end(client: string, stored: StoredResponse): Promise<boolean> {
    return this.#context.store.end(client, stored, this.#context.clock.now());
  }

  #warn(client: string, cause: unknown): void {
    this.#context.log.warn({ client, why: GatewayError.from(cause).details }, 'a response could not be stored');
  }

  get #aliveUntilMs(): number {
    return this.#context.clock.now() + PULSE_MS * 4;
  }

  async #beat(client: string, id: string, run: Run): Promise<void> {
    try {
      const state = await this.#context.store.keepAlive(client, id, this.#aliveUntilMs);
      if (state === 'stopped' && this.#running.has(id)) run.stop(new Cancelled());
    } catch (cause) {
      this.#context.log.debug({ why: GatewayError.from(cause).details }, 'a response could not be marked as alive');
    }
  }
}

/** Events until there are no more, or the signal aborts. */
export type EventsUntil = (gone: AbortSignal) => AsyncIterable<string>;

/** Why a run was stopped: its client wants it no more. */
export class Cancelled extends Error {
  constructor() {
    super('The response was cancelled.');
  }
}

interface Running {
  readonly client: string;
  readonly run: Run;
  readonly work: Work;
  readonly done: Promise<void>;
}

const MAX_RUNNING = 100;
const PULSE_MS = 5_000;

const ABANDONED: JsonObject = {
  status: 'failed',
  error: { code: 'server_error', message: 'The gateway was stopped while this response was being made.' },
};

async function* once(text: string): AsyncGenerator<string, void> {
  if (text !== '') yield text;
}
