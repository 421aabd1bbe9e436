/** Counts the use of client keys for all workers, in the parent process, and frees what a worker that ended had open. */
import { createMemoryCounters, lazyCounters } from '../../gateway/key-limits/counters.ts';
import type { CounterAnswer, CounterRequest } from './worker-counters.ts';

export class CountersOfWorkers<Worker extends object> {
  readonly #counters = lazyCounters(createMemoryCounters);
  /** Slots of requests in progress, by worker. A worker that has ended has none, and gets none. */
  readonly #slots = new Map<Worker, string[]>();

  began(worker: Worker): void {
    this.#slots.set(worker, []);
  }

  ended(worker: Worker): void {
    const slots = this.#slots.get(worker) ?? [];
    this.#slots.delete(worker);
    for (const slot of slots) this.#counters.end(slot);
  }

  async answer(worker: Worker, request: CounterRequest): Promise<CounterAnswer> {
    switch (request.operation) {
      case 'begin': {
        const begun = await this.#counters.begin(request.key, request.limits);
        if (begun.slot !== undefined) this.#hold(worker, begun.slot);
        return { begun };
      }
      case 'read':
        return { use: await this.#counters.read(request.key) };
      case 'charge':
        this.#counters.charge(request.key, request.tokens);
        return undefined;
      default:
        this.#free(worker, request.slot);
        return undefined;
    }
  }

  #hold(worker: Worker, slot: string): void {
    const slots = this.#slots.get(worker);
    if (slots) slots.push(slot);
    else this.#counters.end(slot);
  }

  #free(worker: Worker, slot: string): void {
    const slots = this.#slots.get(worker) ?? [];
    const at = slots.indexOf(slot);
    if (at < 0) return;
    slots.splice(at, 1);
    this.#counters.end(slot);
  }
}
