/**
 * Publishes the requests of other processes: workers on the same port, and replicas. They are read from the ledger that
 * all of them write, while a console watches; without a ledger a console sees only those of its own process.
 */
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { EventFeed } from './event-feed.ts';
import { toEventOfRow } from './request-event.ts';

/**
 * PostgreSQL numbers rows before their transactions end, so a smaller number may appear after a larger one: within some
 * transactions, each of at most 128 rows.
 */
const LOOK_BACK = 1_024;
const MAX_ROWS = 2_000;
/** Of one look. Further ones are only counted. */
const MAX_REQUEST_EVENTS = 50;

type RowSource = Pick<LedgerStore, 'newestNumber' | 'writtenByOthers'>;

export class OtherProcesses {
  readonly #feed: EventFeed;
  /** The newest row when the console began to watch; undefined: none watches. */
  #start: number | undefined;
  #newest = 0;
  #seen = new Set<number>();
  #isLooking = false;

  constructor(feed: EventFeed) {
    this.#feed = feed;
  }

  /** To be called every second. Rejects with `storage_unavailable`. */
  async look(open: () => Promise<RowSource>): Promise<void> {
    if (!this.#feed.isWatched) {
      this.#start = undefined;
      return;
    }
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#lookInto(await open());
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookInto(source: RowSource): Promise<void> {
    if (this.#start === undefined) {
      this.#start = await source.newestNumber();
      this.#newest = this.#start;
      this.#seen.clear();
      return;
    }
    const rows = await source.writtenByOthers(Math.max(this.#start, this.#newest - LOOK_BACK), MAX_ROWS);
    const fresh = rows.filter(({ number }) => !this.#seen.has(number));
    for (const row of fresh.slice(0, MAX_REQUEST_EVENTS)) this.#feed.publish('request', toEventOfRow(row));
    if (fresh.length > 0) this.#feed.publish('ledger', { requests: fresh.length });
    this.#newest = Math.max(this.#newest, rows.at(-1)?.number ?? 0);
    this.#seen = new Set(rows.map(({ number }) => number).filter((number) => number > this.#newest - LOOK_BACK));
  }
}
