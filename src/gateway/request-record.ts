/**
 * The record of one client request, or of one background response: filled in while it runs, and given once to every
 * observer (log, ledger, metrics, …) when it has ended. Holds references and numbers only; observers format them, off the
 * request's path.
 */
import type { Adjustment } from '../core/adjustments.ts';
import type { ErrorCode, GatewayError } from '../core/errors.ts';
import type { Usage } from '../core/usage.ts';
import type { AttemptRecord } from './attempts.ts';
import type { Capture } from './captures/capture.ts';
import type { Route } from './ports.ts';
import type { RecordedText } from './recorded-text.ts';

/**
 * `reply`: a model answers. `count`: tokens are counted. `models`: the catalogue. `responses`: work on stored responses.
 * `probe`: a client checks the connection. `health`: monitors poll. `admin`: `/v2`. `page`: pages and API descriptions. `other`: no such route.
 */
export type RequestKind = 'reply' | 'count' | 'models' | 'responses' | 'probe' | 'health' | 'admin' | 'page' | 'other';

/** `refused`: the client's fault. `abandoned`: the client left or cancelled. `failed`: any other error. */
export type RequestOutcome = 'ok' | 'refused' | 'abandoned' | 'timeout' | 'failed';

export class RequestRecord {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly receivedMs: number;
  /** Set for a background response. The request that started it has a record of its own, which ends earlier. */
  responseId: string | undefined = undefined;
  method = '';
  /** As the client sent it, with its query, which may hold secrets: observers use `path`. */
  url = '';
  /** The template of the route, such as `/v1/responses/:id`; undefined if there is no such route. */
  routePath: string | undefined = undefined;
  kind: RequestKind = 'other';
  /** The id of the client protocol. */
  protocol: string | undefined = undefined;
  /** The header as sent: up to 64 KiB, of the client's choosing. */
  userAgent: string | undefined = undefined;
  /** The W3C trace context of the client, as sent: https://www.w3.org/TR/trace-context/ */
  traceparent: string | undefined = undefined;
  tracestate: string | undefined = undefined;
  /** The id of the client's key; `local` without keys, `admin` for the admin API; undefined: not identified. */
  client: string | undefined = undefined;
  /** As the client named it. */
  model: string | undefined = undefined;
  stream: boolean | undefined = undefined;
  /** HTTP status; 499 if the client left before an answer. Of a background response: 200, or the one of its error. */
  status = 0;
  /** From `receivedMs` to the first byte of the answer. */
  firstByteMs: number | undefined = undefined;
  /** From `receivedMs` to the end. */
  durationMs = 0;
  code: ErrorCode | undefined = undefined;
  error: GatewayError | undefined = undefined;
  usage: Usage | undefined = undefined;
  /** Of the attempt whose reply the client received; undefined if none began. */
  route: Route | undefined = undefined;
  adjustments: readonly Adjustment[] | undefined = undefined;
  /** Only where the ledger keeps prompts and answers. No other observer may read it. */
  text: RecordedText | undefined = undefined;
  /** What the request exchanged; undefined if it is not captured. */
  capture: Capture | undefined = undefined;
  /** In the order in which they began; those of all choices and search rounds. */
  readonly attempts: AttemptRecord[] = [];

  constructor(requestId: string, receivedMs: number) {
    this.requestId = requestId;
    this.receivedMs = receivedMs;
  }

  /** Without the query, at most 200 characters. */
  get path(): string {
    const { url } = this;
    const end = url.indexOf('?');
    return url.slice(0, Math.min(end < 0 ? url.length : end, 200));
  }

  get outcome(): RequestOutcome {
    const { code, error, status } = this;
    if (code === undefined) return status < 400 ? 'ok' : 'failed';
    if (code === 'client_closed' || code === 'client_stalled') return 'abandoned';
    if (code === 'upstream_timeout') return 'timeout';
    return error?.policy.blame === 'client' ? 'refused' : 'failed';
  }
}

/**
 * Called once for each record, after the request or the background response has ended. The record does not change any
 * more. Observers run on the event loop of the requests: keep a reference, and do the work later.
 */
export type RequestObserver = (record: RequestRecord) => void;

/** Gives a finished record to all observers. One that throws does not keep the record from the others. */
export function report(
  record: RequestRecord,
  observers: readonly RequestObserver[],
  onFailure: (cause: unknown) => void,
): void {
  for (const observe of observers) {
    try {
      observe(record);
    } catch (cause) {
      onFailure(cause);
    }
  }
}
