/** The parent's part in `/metrics`: a worker that writes the page gets the figures of the others through it. */
import { withinTime } from '../../core/async.ts';
import type { Clock } from '../../core/clock.ts';
import type { MetricsSnapshot } from '../../metrics/ports.ts';
import type { ToWorker } from './messages.ts';

/** Shorter than the ten seconds that Prometheus waits by default; a worker that is busy for longer is left out. */
const MAX_WAIT_MS = 2_000;

interface Peer {
  readonly number: number;
  send(message: ToWorker): void;
}

interface Collection {
  readonly snapshots: MetricsSnapshot[];
  readonly missing: Set<number>;
  readonly complete: PromiseWithResolvers<void>;
}

export class MetricsRelay {
  readonly #clock: Clock;
  readonly #collections = new Map<number, Collection>();
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Collects the figures of `others` and sends them to `reader`. Never rejects. */
  async collect(reader: Peer, others: readonly Peer[]): Promise<void> {
    const id = ++this.#lastId;
    const missing = new Set(others.map(({ number }) => number));
    const collection: Collection = { snapshots: [], missing, complete: Promise.withResolvers() };
    this.#collections.set(id, collection);
    if (missing.size === 0) collection.complete.resolve();
    for (const other of others) other.send({ type: 'read-metrics', id });
    await withinTime(this.#clock, MAX_WAIT_MS, collection.complete.promise);
    this.#collections.delete(id);
    reader.send({ type: 'metrics-of-others', snapshots: collection.snapshots });
  }

  /** A snapshot that arrives too late is dropped. */
  receive(number: number, id: number, snapshot: MetricsSnapshot): void {
    const collection = this.#collections.get(id);
    if (!collection?.missing.delete(number)) return;
    collection.snapshots.push(snapshot);
    if (collection.missing.size === 0) collection.complete.resolve();
  }
}
