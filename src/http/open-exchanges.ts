/**
 * The requests whose answer has not ended. A list in which each of them knows its place, not a `Set`: when a set of V8 outgrows
 * its table, the old table keeps what was in it and refers to the new one. Once an old table has survived long enough to be
 * collected only with the whole heap, so have all tables after it, and every request with all that belongs to it is kept until
 * then: 7 kB of each request were copied by the garbage collector instead of being dropped.
 */
import type { HttpExchange } from './http-exchange.ts';

export class OpenExchanges implements Iterable<HttpExchange> {
  readonly #list: HttpExchange[] = [];

  get size(): number {
    return this.#list.length;
  }

  add(exchange: HttpExchange): void {
    exchange.place = this.#list.push(exchange) - 1;
  }

  /** Does nothing if it is not in the list. */
  delete(exchange: HttpExchange): void {
    const { place } = exchange;
    if (this.#list[place] !== exchange) return;
    const last = this.#list.pop();
    if (last === undefined || last === exchange) return;
    this.#list[place] = last;
    last.place = place;
  }

  /** Those that are open now: they may end while the result is read. */
  [Symbol.iterator](): Iterator<HttpExchange> {
    return [...this.#list].values();
  }
}
