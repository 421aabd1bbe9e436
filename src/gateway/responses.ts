/**
 * Responses that outlive their request: stored so that the client can fetch and continue them, and produced in the
 * background if the client does not wait. A response belongs to the client that requested it; no other key can read it.
 */
import { LRUCache } from 'lru-cache';
import { every } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { followEvents } from './followed-events.ts';
import type { ResponseStore, StoredResponse } from './response-store.ts';
import { eventsAfter, Run } from './run.ts';
import { itemsNamed, itemsUntil, type KnownRounds, type Round } from './stored-history.ts';

export interface ResponsesContext {
  readonly store: ResponseStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly interrupted: Interrupted;
}

/** What is stored of a response that its own process cannot end: it died, or another process cancelled the response. */
type Interrupted = (
  stored: Pick<StoredResponse, 'response' | 'events'>,
  status: 'failed' | 'cancelled',
) => Pick<StoredResponse, 'response' | 'events'>;

/** The production of a background response. */
export interface Work {
  /** The response so far. */
  response(): JsonObject;
  /** Produces the response to its end, appending its events to the run. Does not reject: a failure is a response too. */
  carryOut(run: Run): Promise<void>;
}

/** A stored response without its state. */
export type ResponseContent = Omit<StoredResponse, 'state' | 'aliveUntilMs'>;

export class Responses {
  readonly #context: ResponsesContext;
  readonly #running = new Map<string, Running>();
  /** By client and id. */
  readonly #rounds = new LRUCache<string, Round>({ maxSize: MAX_ROUND_BYTES, sizeCalculation: sizeOf });

  constructor(context: ResponsesContext) {
    this.#context = context;
  }

  /** A running response is returned with its content so far. Rejects with `storage_unavailable`. */
  async find(client: string, id: string): Promise<StoredResponse | undefined> {
    const { store, clock, interrupted } = this.#context;
    const stored = await store.find(client, id, clock.now());
    if (stored?.state !== 'running') return stored;
    const running = this.#running.get(id);
    if (running) return { ...stored, response: running.work.response() };
    if (clock.now() < stored.aliveUntilMs) return stored;
    return { ...stored, ...interrupted(stored, 'failed'), state: 'ended' };
  }

  /** The items of a conversation up to the end of a response: see `stored-history.ts`. */
  itemsUntil(client: string, id: string, gone: AbortSignal): Promise<readonly JsonObject[] | undefined> {
    return itemsUntil((next) => this.find(client, next), this.#knownOf(client), id, gone);
  }

  #knownOf(client: string): KnownRounds {
    const { store, clock } = this.#context;
    return {
      get: (id) => this.#rounds.get(keyOf(client, id)),
      set: (id, round) => void this.#rounds.set(keyOf(client, id), round),
      areKept: (ids) => store.useAll(client, ids, clock.now()),
    };
  }

  /** Items of the client's responses by id, grouped by response: see `stored-history.ts`. */
  itemsNamed(
    client: string,
    wanted: ReadonlyMap<string, readonly string[]>,
    gone: AbortSignal,
  ): Promise<ReadonlyMap<string, JsonObject>> {
    return itemsNamed((id) => this.find(client, id), wanted, gone);
  }

  /** Stores a complete response. Never rejects: the client has its reply even if it cannot be stored. */
  async save(client: string, response: ResponseContent): Promise<void> {
    try {
      await this.#put(client, { ...response, state: 'ended', aliveUntilMs: 0 });
    } catch (cause) {
      this.#warn(client, cause);
    }
  }

  /** Returns false if there is no such response. Cancels a running one. */
  async remove(client: string, id: string): Promise<boolean> {
    const running = this.#running.get(id);
    if (running?.client === client) running.run.stop(new Cancelled());
    this.#rounds.delete(keyOf(client, id));
    return this.#context.store.remove(client, id);
  }

  /**
   * Starts a background response, and resolves once it is stored as running. Rejects if it cannot be stored, because the
   * client could never fetch it.
   */
  async begin(client: string, begun: ResponseContent, work: Work): Promise<Run> {
    const count = [...this.#running.values()].filter((running) => running.client === client).length;
    if (count >= MAX_RUNNING) {
      const message = `This key already has ${count} background responses in progress. Wait until one of them has ended.`;
      throw new GatewayError('rate_limited', message, { retryAfterMs: 5_000 });
    }
    const run = new Run();
    const { events } = begun;
    if (events !== undefined) run.append(events);
    const stored = this.#put(client, { ...begun, state: 'running', aliveUntilMs: this.#aliveUntilMs });
    // Added to the map before the first await, so that concurrent requests count it.
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

  async #carryOut(client: string, begun: ResponseContent, run: Run, work: Work): Promise<void> {
    const stopHeartbeat = every(
      this.#context.clock,
      HEARTBEAT_MS,
      () => void this.#keepAlive(client, begun, run, work),
    );
    try {
      await work.carryOut(run);
      const events = begun.events === undefined ? undefined : run.text;
      await this.#replaceRunning(client, {
        ...begun,
        response: work.response(),
        events,
        state: 'ended',
        aliveUntilMs: 0,
      });
    } catch (cause) {
      this.#warn(client, cause);
    } finally {
      stopHeartbeat();
    }
  }

  /** Cancels a running response, in this or another process, and returns it as it is then. */
  async cancel(client: string, id: string): Promise<StoredResponse | undefined> {
    const stored = await this.find(client, id);
    if (stored?.state !== 'running') return stored;
    const running = this.#running.get(id);
    if (running) {
      running.run.stop(new Cancelled());
      await running.done;
      return this.find(client, id);
    }
    const { interrupted } = this.#context;
    const cancelled: StoredResponse = { ...stored, ...interrupted(stored, 'cancelled'), state: 'cancelled' };
    // It may have ended or been deleted since it was read.
    return (await this.#replaceRunning(client, cancelled)) ? cancelled : this.find(client, id);
  }

  /**
   * The events of a response after a sequence number, including those still to come: as they are produced here, or some
   * seconds later if another process produces them. Undefined if its events are not stored.
   */
  eventsOf(client: string, { id, events, state }: StoredResponse, afterSequence: number): EventsUntil | undefined {
    if (events === undefined) return undefined;
    const running = this.#running.get(id);
    if (running) return (gone) => running.run.eventsAfter(afterSequence, gone);
    if (state !== 'running') return () => once(eventsAfter(events, afterSequence));
    const find = () => this.find(client, id);
    return (gone) => followEvents(find, afterSequence, this.#context.clock, gone);
  }

  /** Gives running responses `timeoutMs` to end. The rest are stopped and stored as failed. */
  async close(timeoutMs: number): Promise<void> {
    const stop = () => {
      const stopping = new GatewayError('shutting_down', 'The gateway was stopped before this response was complete.');
      for (const { run } of this.#running.values()) run.stop(stopping);
    };
    const cancel = this.#context.clock.schedule(timeoutMs, stop);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    cancel();
  }

  #put(client: string, stored: StoredResponse): Promise<void> {
    return this.#context.store.put(client, stored, this.#context.clock.now());
  }

  #replaceRunning(client: string, stored: StoredResponse): Promise<boolean> {
    return this.#context.store.replaceRunning(client, stored, this.#context.clock.now());
  }

  #warn(client: string, cause: unknown): void {
    this.#context.log.warn({ client, why: GatewayError.from(cause).details }, 'could not store a response');
  }

  get #aliveUntilMs(): number {
    return this.#context.clock.now() + HEARTBEAT_MS * 4;
  }

  /** Other processes stream the events that are saved here. False if the response was cancelled or deleted. */
  async #saveProgress(client: string, begun: ResponseContent, run: Run, work: Work): Promise<boolean> {
    const aliveUntilMs = this.#aliveUntilMs;
    if (begun.events === undefined)
      return (await this.#context.store.keepAlive(client, begun.id, aliveUntilMs)) === 'running';
    const progress = { response: work.response(), events: run.text, state: 'running', aliveUntilMs } as const;
    return this.#replaceRunning(client, { ...begun, ...progress });
  }

  async #keepAlive(client: string, begun: ResponseContent, run: Run, work: Work): Promise<void> {
    try {
      const isRunning = await this.#saveProgress(client, begun, run, work);
      if (!isRunning && this.#running.has(begun.id)) run.stop(new Cancelled());
    } catch (cause) {
      this.#context.log.debug?.(
        { why: GatewayError.from(cause).details },
        'could not renew the heartbeat of a response',
      );
    }
  }
}

/** Yields events until the response ends or the signal aborts. */
export type EventsUntil = (gone: AbortSignal) => AsyncIterable<string>;

/** The reason of a run that was stopped by its client. */
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
const HEARTBEAT_MS = 5_000;

/** A dozen long conversations. */
const MAX_ROUND_BYTES = 8 * 1024 * 1024;

function sizeOf({ bytes }: Round): number {
  return bytes + ENTRY_BYTES;
}

/** For what an entry takes beside its items. */
const ENTRY_BYTES = 500;

function keyOf(client: string, id: string): string {
  return `${client} ${id}`;
}

async function* once(text: string): AsyncGenerator<string, void> {
  if (text !== '') yield text;
}
