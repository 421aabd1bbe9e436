/**
 * What happens in this process, and what other-processes.ts finds of the others, for consoles that watch: the last events in
 * a ring, and the streams that get them. While no console watches, an event costs a comparison and a counter.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { RequestRecord } from '../request-record.ts';
import { toRequestEvent } from './request-event.ts';

export type EventType = 'request' | 'account' | 'key' | 'setting' | 'alert' | 'ledger';

/** As server-sent events have it. */
export interface FeedEvent {
  /** `EPOCH-NUMBER`: the epoch is that of the process, so another process never takes the id for one of its own. */
  readonly id: string;
  /** `reload`: events are missing before this one, so what was read from the API may be out of date. */
  readonly type: EventType | 'reload';
  readonly data: object;
}

/** Receives events in order. Must not throw. */
export type EventListener = (event: FeedEvent) => void;

/** A few minutes of a busy gateway, a few hundred kilobytes. */
const RING_EVENTS = 1_000;
/** How long events are kept after the last stream has ended: a browser reconnects within seconds. */
const KEEP_AFTER_MS = 60_000;
/** Of one second. Further ones are only counted, in the next `ledger` event. */
const MAX_REQUEST_EVENTS = 50;
const SUM_EVERY_MS = 1_000;
/** Requests that the ledger does not list either. */
const UNLISTED_KINDS: ReadonlySet<string> = new Set(['admin', 'page', 'health']);

export class EventFeed {
  readonly #clock: Clock;
  readonly #epoch = randomBytes(6).toString('hex');
  readonly #listeners = new Set<EventListener>();
  #ring: FeedEvent[] = [];
  #number = 0;
  #watchedUntilMs = Number.NEGATIVE_INFINITY;
  /** Requests that have ended since the last `ledger` event. */
  #ended = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a console watches, or did a moment ago. */
  get isWatched(): boolean {
    return this.#listeners.size > 0 || this.#clock.now() < this.#watchedUntilMs;
  }

  publish(type: EventType, data: object): void {
    this.#number += 1;
    if (!this.isWatched) {
      if (this.#ring.length > 0) this.#ring = [];
      return;
    }
    const event: FeedEvent = { id: this.#idOf(this.#number), type, data };
    this.#ring.push(event);
    if (this.#ring.length > RING_EVENTS) this.#ring.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** The observer of finished requests. */
  readonly observe = (record: RequestRecord): void => {
    if (UNLISTED_KINDS.has(record.kind)) return;
    this.#ended += 1;
    if (!this.isWatched) return;
    if (this.#ended === 1) this.#clock.schedule(SUM_EVERY_MS, () => this.#sum());
    if (this.#ended <= MAX_REQUEST_EVENTS) this.publish('request', toRequestEvent(record));
  };

  /**
   * Calls `listener` with every event from now on, after those that followed `lastId`. If some of these are no longer
   * known, a `reload` comes first instead. Returns the function that ends it.
   */
  subscribe(listener: EventListener, lastId: string | undefined): () => void {
    for (const event of this.#after(lastId)) listener(event);
    if (!this.isWatched) this.#ended = 0;
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#watchedUntilMs = this.#clock.now() + KEEP_AFTER_MS;
    };
  }

  #after(lastId: string | undefined): readonly FeedEvent[] {
    if (lastId === undefined) return [];
    const [epoch, number = ''] = lastId.split('-');
    const last = epoch === this.#epoch && /^\d{1,15}$/.test(number) ? Number(number) : Number.NaN;
    const kept = this.#ring.length;
    const isComplete = last <= this.#number && last >= this.#number - kept;
    if (!isComplete) return [{ id: this.#idOf(this.#number), type: 'reload', data: {} }];
    return this.#ring.slice(kept - (this.#number - last));
  }

  #sum(): void {
    const requests = this.#ended;
    this.#ended = 0;
    if (requests > 0) this.publish('ledger', { requests });
  }

  #idOf(number: number): string {
    return `${this.#epoch}-${number}`;
  }
}
