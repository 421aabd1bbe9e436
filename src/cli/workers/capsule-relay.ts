/** The parent's part in finding a capture: a worker that does not have it asks the others through it. */
import { withinTime } from '../../core/async.ts';
import type { Clock } from '../../core/clock.ts';
import type { CapsuleResult } from '../../http/admin/ports.ts';
import type { CapsuleQuestion, ToWorker } from './messages.ts';

/** A capsule of a large request takes a second to make. */
const MAX_WAIT_MS = 10_000;

interface Peer {
  readonly number: number;
  send(message: ToWorker): void;
}

interface Search {
  readonly missing: Set<number>;
  readonly result: PromiseWithResolvers<CapsuleResult | undefined>;
}

export class CapsuleRelay {
  readonly #clock: Clock;
  readonly #searches = new Map<number, Search>();
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks `others` and sends the answer to `asking`. Never rejects. */
  async find(asking: Peer, others: readonly Peer[], { id, requestId, withText }: CapsuleQuestion): Promise<void> {
    const searchId = ++this.#lastId;
    const search: Search = { missing: new Set(others.map(({ number }) => number)), result: Promise.withResolvers() };
    this.#searches.set(searchId, search);
    if (others.length === 0) search.result.resolve(undefined);
    for (const other of others) other.send({ type: 'find-capsule', id: searchId, requestId, withText });
    const result = await withinTime(this.#clock, MAX_WAIT_MS, search.result.promise);
    this.#searches.delete(searchId);
    asking.send({ type: 'capsule-of-others', id, result });
  }

  receive(number: number, id: number, result: CapsuleResult | undefined): void {
    const search = this.#searches.get(id);
    if (!search?.missing.delete(number)) return;
    if (result !== undefined || search.missing.size === 0) search.result.resolve(result);
  }
}
