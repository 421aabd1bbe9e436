/**
 * HTTP to the upstream through undici's low-level dispatch, with keep-alive pools per origin and without streams or fetch
 * (both cost more than everything else in the pipeline). Handles bytes and sockets; the upstream interprets statuses,
 * and the gateway decides what to do about them.
 */
import { LRUCache } from 'lru-cache';
import { clientClosed, GatewayError } from '../core/errors.ts';
import type { AuthorizedRequest, SendUpstream, UpstreamAnswer } from '../gateway/ports.ts';
import { AnswerBody } from './body.ts';
import { connectionFailure } from './connection-failure.ts';
import { Dispatchers, type ProxySettings } from './dispatcher.ts';
import { type Dispatcher, errors } from './undici.ts';

export interface UpstreamTransportOptions {
  readonly proxy?: ProxySettings | undefined;
  /** The setting that can choose the service's address, for messages. */
  readonly addressSetting?: string;
  /** From the sent request to the response headers. */
  readonly headersTimeoutMs: number;
  /** Between two chunks of the body. */
  readonly idleTimeoutMs: number;
  /** `dragoman/<version>`: the gateway identifies itself. */
  readonly userAgent: string;
  readonly connectTimeoutMs?: number;
}

export interface UpstreamTransport {
  readonly send: SendUpstream;
  /** For the token endpoints, which share connections and proxies. */
  readonly dispatchers: Dispatchers;
  /** Closes open connections. */
  close(): Promise<void>;
}

export function createUpstreamTransport(options: UpstreamTransportOptions): UpstreamTransport {
  const dispatchers = new Dispatchers(options.proxy, options.connectTimeoutMs ?? 10_000);

  const targets = new LRUCache<string, Target>({ max: MAX_TARGETS });

  const exchange = (request: AuthorizedRequest, headers: string[], signal: AbortSignal) => {
    if (signal.aborted) return Promise.reject(clientClosed());
    const { origin, path } = targetOf(request.url, targets);
    const connections = dispatchers.of(request.proxy);
    const explain = (cause: Error) =>
      connectionFailure(cause, connections.routeOf(request.url, options.addressSetting));
    return new Promise<UpstreamAnswer>((resolve, reject) => {
      connections.dispatcher.dispatch(
        {
          origin,
          path,
          method: request.method,
          headers,
          body: request.body ?? null,
          headersTimeout: options.headersTimeoutMs,
          bodyTimeout: options.idleTimeoutMs,
        },
        new ResponseHandler(resolve, reject, signal, explain),
      );
    });
  };

  const send: SendUpstream = (request, signal) => {
    if (!request.sign) return exchange(request, headerList(request.headers, options.userAgent), signal);
    const headers = { 'user-agent': options.userAgent, ...request.headers };
    return request.sign({ ...request, headers }).then((signed) => exchange(request, headerList(signed), signal));
  };

  return { send, dispatchers, close: () => dispatchers.destroy() };
}

/**
 * Names and values in turn, which undici copies an object into as well. A list because copying headers behind another one in an
 * object (`{ name: value, ...headers }`) takes longer than choosing the account. `userAgent`: for headers without one.
 */
function headerList(headers: Readonly<Record<string, string>>, userAgent?: string): string[] {
  const list: string[] = [];
  if (userAgent !== undefined && headers['user-agent'] === undefined) list.push('user-agent', userAgent);
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) list.push(name, value);
  }
  return list;
}

interface Target {
  readonly origin: string;
  readonly path: string;
}

/** Almost every request has one of a few URLs, and parsing one costs more than the rest of this function. */
const MAX_TARGETS = 64;

function targetOf(url: string, targets: LRUCache<string, Target>): Target {
  const known = targets.get(url);
  if (known) return known;
  const { origin, pathname, search } = new URL(url);
  const target = { origin, path: pathname + search };
  targets.set(url, target);
  return target;
}

/** Handles one request and its response. Settles its promise once; later failures go to the body. */
class ResponseHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (error: GatewayError) => void;
  readonly #signal: AbortSignal;
  /** Until the answer begins; it refers to the request. */
  #explain: ((cause: Error) => string) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #body: AnswerBody | undefined;

  constructor(
    resolve: (answer: UpstreamAnswer) => void,
    reject: (error: GatewayError) => void,
    signal: AbortSignal,
    explain: (cause: Error) => string,
  ) {
    this.#explain = explain;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(clientClosed());
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    // undici's copy of what it has parsed into `headers`: 1.4 kB, each name and value a buffer, for as long as the answer lasts.
    controller.rawHeaders = null;
    const body = new AnswerBody(controller);
    this.#body = body;
    this.#explain = undefined;
    this.#resolve({
      status,
      header: (name) => {
        const value = headers[name] ?? headers[name.toLowerCase()];
        return typeof value === 'object' ? value.join(', ') : value;
      },
      body,
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#settle();
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#fail(toGatewayError(cause, this.#explain));
  }

  /** Settles the promise at once; the socket closes once undici provides a controller. */
  readonly #onAbort = (): void => {
    this.#controller?.abort(clientClosed());
    this.#fail(clientClosed());
  };

  #fail(error: GatewayError): void {
    this.#settle();
    if (this.#body) this.#body.fail(error);
    else this.#reject(error);
  }

  #settle(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

/** A connect timeout counts as a broken connection: nothing was sent, so a retry is safe. */
function toGatewayError(cause: Error, explain: ((cause: Error) => string) | undefined): GatewayError {
  if (cause instanceof GatewayError) return cause;
  if (cause instanceof errors.HeadersTimeoutError)
    return new GatewayError('upstream_timeout', 'The upstream did not start to respond in time.', { cause });
  if (cause instanceof errors.BodyTimeoutError)
    return new GatewayError('upstream_timeout', 'The upstream stopped sending in the middle of its response.', {
      cause,
    });
  const message = explain ? explain(cause) : `The connection to the upstream broke${codeOf(cause)}.`;
  return new GatewayError('upstream_broken', message, { cause });
}

/** ` (ECONNRESET)`: only the code, because messages of network errors contain addresses and proxy URLs. */
function codeOf(cause: Error): string {
  return 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
}
