/** Records requests, for tests and for the output of `dragoman simulate`. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { JsonValue } from '../core/json.ts';
import type { Call } from './call.ts';

export interface RecordedRequest {
  /** From 1, in order of arrival. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  /** The target region, if the address names it. */
  readonly region: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** In the order in which they were sent, with names in lower case. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly rawBody: string;
  /** Undefined if the body is not JSON. */
  readonly body: JsonValue | undefined;
  readonly receivedAtMs: number;
  /** `GenerateAssistantResponse`, `RegisterClient`, …; undefined if unknown. */
  readonly operation: string | undefined;
  /** Undefined until the response is sent. */
  readonly status: number | undefined;
  /** The client disconnected before the response was complete. */
  readonly closedEarly: boolean;
  /** The violated rule and where, if a rule rejected the request. */
  readonly refusedBy: { readonly rule: string; readonly detail: string } | undefined;
  /** Settles when the response is complete or the connection is closed. */
  readonly finished: Promise<void>;
}

/** Requests in progress. */
export type OpenRecord = { -readonly [Member in keyof RecordedRequest]: RecordedRequest[Member] };

export class Journal {
  readonly requests: RecordedRequest[] = [];
  readonly listeners: ((request: RecordedRequest) => void)[] = [];
  readonly #waiting = new Map<number, PromiseWithResolvers<RecordedRequest>>();
  /** Responses that a script cut off, as opposed to client disconnects. */
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
    const { number, method, path, region, headers, rawHeaders, body } = call;
    const finished = Promise.withResolvers<void>();
    const record: OpenRecord = {
      ...{ number, method, path, region, headers, rawHeaders, body, receivedAtMs },
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
