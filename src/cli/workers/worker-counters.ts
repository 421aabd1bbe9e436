/** The use of client keys as a worker sees it: counted by the parent process, so that a limit holds over all workers. */
import type { Begun, CountedLimits, KeyCounters, KeyUse } from '../../gateway/key-limits/counters.ts';

/** An operation of `KeyCounters`. */
export type CounterRequest =
  | { readonly operation: 'begin'; readonly key: string; readonly limits: CountedLimits }
  | { readonly operation: 'end'; readonly slot: string }
  | { readonly operation: 'charge'; readonly key: string; readonly tokens: number }
  | { readonly operation: 'read'; readonly key: string };

/** Undefined for operations without an answer. */
export type CounterAnswer = { readonly begun: Begun } | { readonly use: KeyUse } | undefined;

export class WorkerCounters implements KeyCounters {
  readonly #send: (id: number, request: CounterRequest) => void;
  /** Requests that the parent has not answered. It answers as long as it lives, and workers end with it. */
  readonly #waiting = new Map<number, (answer: CounterAnswer) => void>();
  #lastId = 0;

  constructor(send: (id: number, request: CounterRequest) => void) {
    this.#send = send;
  }

  async begin(key: string, limits: CountedLimits): Promise<Begun> {
    // The key itself, which `limits` may be, has more fields than the parent needs.
    const { requestsPerMinute, tokensPerMinute, concurrency } = limits;
    const request = { operation: 'begin', key, limits: { requestsPerMinute, tokensPerMinute, concurrency } } as const;
    const answer = await this.#request(request);
    if (answer && 'begun' in answer) return answer.begun;
    throw new Error('The parent process did not say whether the request may begin.');
  }

  end(slot: string): void {
    this.#send(0, { operation: 'end', slot });
  }

  charge(key: string, tokens: number): void {
    this.#send(0, { operation: 'charge', key, tokens });
  }

  async read(key: string): Promise<KeyUse> {
    const answer = await this.#request({ operation: 'read', key });
    if (answer && 'use' in answer) return answer.use;
    throw new Error('The parent process did not say what the key has used.');
  }

  /** Takes an answer of the parent process. */
  receive(id: number, answer: CounterAnswer): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }

  #request(request: CounterRequest): Promise<CounterAnswer> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send(id, request);
    });
  }
}
