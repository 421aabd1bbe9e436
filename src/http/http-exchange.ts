/** One request and its answer, as every handler here sees it. */
import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { GatewayError } from '../core/errors.ts';
import { RequestRecord } from '../gateway/request-record.ts';
import type { StoredKey } from '../gateway/stored-keys.ts';
import type { ClientProtocol } from '../protocols/protocol.ts';
import { helpLink } from './error-guide.ts';
import { HeaderList } from './header-list.ts';

export class HttpExchange {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Headers every answer to this request carries: CORS, ids, safety. */
  readonly headers: HeaderList;
  readonly receivedMs: number;
  /** Aborts when the client leaves, with a GatewayError when the gateway itself has to stop. */
  readonly gone = new AbortController();
  readonly record: RequestRecord;
  /** The client's key, if it restricts what the client may do. */
  key: StoredKey | undefined = undefined;
  /** In `OpenExchanges`. */
  place = -1;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(request: IncomingMessage, response: ServerResponse, requestId: string, clock: Pick<Clock, 'now'>) {
    this.requestId = requestId;
    this.request = request;
    this.response = response;
    const ids = ['x-request-id', requestId, 'request-id', requestId];
    this.headers = new HeaderList([...ids, 'x-content-type-options', 'nosniff']);
    this.receivedMs = clock.now();
    const record = new RequestRecord(requestId, this.receivedMs);
    record.method = request.method ?? '';
    record.url = request.url ?? '';
    record.userAgent = request.headers['user-agent'];
    this.record = record;
    this.#clock = clock;
  }

  /** Since `receivedMs`, in milliseconds. */
  get elapsedMs(): number {
    return this.#clock.now() - this.receivedMs;
  }
}

export function sendJson(exchange: HttpExchange, status: number, body: unknown, extra: OutgoingHttpHeaders = {}): void {
  const { response, headers } = exchange;
  const bytes = Buffer.from(JSON.stringify(body));
  exchange.record.capture?.takeReply(bytes);
  headers.set('content-type', 'application/json; charset=utf-8');
  headers.set('content-length', bytes.length);
  headers.set('cache-control', 'no-store');
  headers.setAll(extra);
  response.writeHead(status, headers.namesAndValues);
  if (bytes.length <= PIECE_BYTES) response.end(bytes);
  else
    writePieces(exchange.response, bytes, exchange.gone.signal).then(
      () => response.end(),
      () => {},
    );
}

/** Large writes are counted as taken only when all of their bytes are: see stalled-clients.ts. */
export const PIECE_BYTES = 64 * 1024;

/** Rejects when the signal aborts. */
export async function writePieces(response: ServerResponse, bytes: Buffer, signal: AbortSignal): Promise<void> {
  for (const piece of piecesOf(bytes)) if (!response.write(piece)) await once(response, 'drain', { signal });
}

export function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Writes errors in an API's own format. */
export type ErrorDialect = Pick<ClientProtocol, 'writeError'>;

/** Sends the error in the client's own dialect, unless an answer has begun. */
export function sendError(exchange: HttpExchange, dialect: ErrorDialect, error: GatewayError): void {
  noteError(exchange, error);
  if (exchange.response.headersSent || exchange.response.destroyed) return;
  const { status, body, headers } = dialect.writeError(error, exchange.requestId);
  sendJson(exchange, status, body, { ...headers, link: helpLink(error.code) });
}

export function noteError({ record }: HttpExchange, error: GatewayError): void {
  record.code = error.code;
  record.error = error;
}
