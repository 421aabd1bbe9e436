/** What is kept of the requests, for tests and for whoever watches the simulator. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { JsonValue } from '../core/json.ts';
import type { Call } from './call.ts';

export interface RecordedRequest {
  /** From 1, in order of arrival. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  /** Whose host was called, if the address said so. */
  readonly region: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly rawBody: string;
  /** Undefined when the body is no JSON. */
  readonly body: JsonValue | undefined;
  readonly receivedAtMs: number;
  /** `GenerateAssistantResponse`, `RegisterClient`, …; undefined: no operation we know. */
  readonly operation: string | undefined;
  /** Undefined until answered. */
  readonly status: number | undefined;
  /** The client went away before the answer was complete. */
  readonly closedEarly: boolean;
  /** The broken rule, when the request was refused by one, and where. */
  readonly refusedBy: { readonly rule: string; readonly detail: string } | undefined;
  /** Settles when the answer is complete or the connection is gone. */
  readonly finished: Promise<void>;
}

/** As long as it is being answered. */
export type OpenRecord = { -readonly [Member in keyof RecordedRequest]: RecordedRequest[Member] };

export class Journal {
  readonly requests: RecordedRequest[] = [];
  readonly listeners: ((request: RecordedRequest) => void)[] = [];
  readonly #waiting = new Map<number, PromiseWithResolvers<RecordedRequest>>();
  /** Answers which a script broke off: their end is the simulator's doing, not the client's. */
  readonly #cut = new WeakSet<ServerResponse>();
  readonly #keep: number;
  #count = 0;

  constructor(keep: number) {
    this.#keep = keep;
  }

  nextNumber(): number {
    this.#count += 1;
    return this.#count;
  }

  start(call: Call, response: ServerResponse, receivedAtMs: number): OpenRecord {
    const { number, method, path, region, headers, body } = call;
    const finished = Promise.withResolvers<void>();
    const record: OpenRecord = {
      ...{ number, method, path, region, headers, body, receivedAtMs },
      rawBody: call.rawBody.toString('utf8'),
      query: Object.fromEntries(call.query),
      operation: call.operation,
      status: undefined,
      closedEarly: false,
      refusedBy: undefined,
      finished: finished.promise,
    };
    response.once('close', () => {
      record.closedEarly = !response.writableFinished && !this.#cut.has(response);
      finished.resolve();
      for (const listener of this.listeners) listener(record);
    });
    this.#add(record);
    return record;
  }

  noteCut(response: ServerResponse): void {
    this.#cut.add(response);
  }

  waitFor(number: number): Promise<RecordedRequest> {
    const there = this.requests.find((request) => request.number === number);
    if (there) return Promise.resolve(there);
    const waiting = this.#waiting.get(number) ?? Promise.withResolvers<RecordedRequest>();
    this.#waiting.set(number, waiting);
    return waiting.promise;
  }

  #add(request: RecordedRequest): void {
    this.requests.push(request);
    if (this.requests.length > this.#keep) this.requests.shift();
    this.#waiting.get(request.number)?.resolve(request);
    this.#waiting.delete(request.number);
  }
}
