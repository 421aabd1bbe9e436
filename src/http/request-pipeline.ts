/** What every request passes before its handler, and how every refusal is sent. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import { type RequestKind, type RequestObserver, type RequestRecord, report } from '../gateway/request-record.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import type { ClientProtocol } from '../protocols/protocol.ts';
import { AdminAccess, type AdminIdentity, isOfSession } from './admin/access.ts';
import { adminErrors, isAdminPath } from './admin/errors.ts';
import { KEY_MESSAGES, KeyGuard } from './auth.ts';
import { Connections } from './connections.ts';
import { corsHeaders } from './cors.ts';
import { type ErrorDialect, HttpExchange, sendError } from './http-exchange.ts';
import { randomId } from './ids.ts';
import { adminOriginRejection, originRejection } from './local-mode.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { ApiPaths } from './paths.ts';
import type { ServerOptions } from './ports.ts';
import { createRequestLog } from './request-log.ts';
import { followsLastAnswer } from './unread-body.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The format of the route's errors. */
    errors?: ErrorDialect;
    /** The id of the client protocol that the route belongs to. */
    protocol?: string;
    /** Default: `admin` below `/v2`, else `page`. */
    kind?: RequestKind;
  }
  interface FastifyRequest {
    exchange: HttpExchange;
    /** Who sent it; only on routes of the admin API. */
    admin: AdminIdentity;
  }
}

/** The client of requests in local mode. */
const LOCAL = 'local';

export class RequestPipeline {
  readonly options: ServerOptions;
  /** Requests whose answer has not ended. */
  readonly inFlight = new OpenExchanges();
  readonly connections: Connections;
  readonly protocols: readonly ClientProtocol[];
  readonly paths: ApiPaths;
  readonly adminAccess: AdminAccess;
  readonly servesAdmin: boolean;
  /** Aborts when the server is about to stop: new requests are refused, and streams of events end. */
  readonly draining = new AbortController();
  /** Told of every request and background response that has ended. */
  readonly observers: readonly RequestObserver[];
  readonly #guard: KeyGuard;
  readonly #isLoopbackOnly: boolean;

  /** `isLoopbackOnly`: only this machine can reach it. `servesAdmin`: whether it has the admin API and the pages. */
  constructor(options: ServerOptions, isLoopbackOnly: boolean, servesAdmin = true) {
    const { apiKeys, clock } = options;
    this.options = options;
    this.protocols = options.protocols ?? PROTOCOLS;
    this.observers = [createRequestLog(options.log), ...(options.observers ?? [])];
    this.paths = new ApiPaths(this.protocols);
    this.#guard = new KeyGuard(
      (key) => apiKeys.identify(key),
      clock,
      KEY_MESSAGES,
      (key, hash) => apiKeys.identifyNow(key, hash),
    );
    this.adminAccess = new AdminAccess(options);
    this.#isLoopbackOnly = isLoopbackOnly;
    this.servesAdmin = servesAdmin;
    this.connections = new Connections(options.connections.max);
  }

  /** Ends with the first key. Never on if other machines can reach this gateway. */
  get localMode(): boolean {
    return this.#isLoopbackOnly && this.options.apiKeys.isEmpty;
  }

  open(request: IncomingMessage, response: ServerResponse): HttpExchange {
    const exchange = new HttpExchange(request, response, `req_${randomId()}`, this.options.clock);
    takeTraceContext(exchange.record, request.headers);
    this.inFlight.add(exchange);
    this.connections.begin(exchange);
    response.on('close', () => this.#close(exchange));
    return exchange;
  }

  #close(exchange: HttpExchange): void {
    const { response, record } = exchange;
    this.inFlight.delete(exchange);
    record.durationMs = exchange.elapsedMs;
    record.status = response.headersSent ? response.statusCode : CLIENT_CLOSED;
    if (response.writableFinished) this.#report(record);
    else this.#endAbandoned(exchange);
    // Only after Node has finished with the connection itself.
    setImmediate(() => this.connections.end(exchange));
  }

  /** Reports it once the attempts in progress have ended: the abort ends them before the next turn of the event loop. */
  #endAbandoned({ gone, record }: HttpExchange): void {
    gone.abort();
    record.code ??= 'client_closed';
    setImmediate(() => this.#report(record));
  }

  #report(record: RequestRecord): void {
    report(record, this.observers, (cause) => this.options.log.error({ err: cause }, 'an observer of requests failed'));
  }

  /** True from when a request has arrived completely, or its answer has begun, until the answer ends. */
  isReplyingOn(socket: Socket): boolean {
    for (const { request, response } of this.connections.on(socket))
      if (request.complete || response.headersSent) return true;
    return false;
  }

  /** The first hook of every request: gives it an id, and refuses it for reasons that hold for every route. */
  receive = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const { raw, routeOptions } = request;
    const exchange = this.open(raw, reply.raw);
    request.exchange = exchange;
    const isAdmin = isForAdmin(raw, routeOptions);
    describeRoute(exchange.record, routeOptions, isAdmin);
    if (followsLastAnswer(raw)) {
      raw.socket.destroy();
      reply.hijack();
      return;
    }
    if (this.draining.signal.aborted) {
      exchange.headers.set('connection', 'close');
      this.refuse(request, reply, stopping());
      return;
    }
    const rejection = this.#originRejection(request, isAdmin);
    if (rejection !== undefined) {
      this.refuse(request, reply, new GatewayError('forbidden', rejection));
      return;
    }
    const { headers, method } = raw;
    if (headers['access-control-request-private-network'] === 'true')
      exchange.headers.set('access-control-allow-private-network', 'true');
    if (method !== 'OPTIONS' && routeOptions.config?.cors !== false)
      exchange.headers.setAll(corsHeaders(headers.origin, this.localMode, this.options.corsOrigins));
    done();
  };

  #originRejection({ headers }: FastifyRequest, isAdmin: boolean): string | undefined {
    const rejection = this.localMode ? originRejection(headers, this.options.corsOrigins) : undefined;
    return rejection ?? (isAdmin ? adminOriginRejection(headers, this.#isLoopbackOnly) : undefined);
  }

  /** The hook of routes that require an API key. */
  requireKey = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const check = () => {
      if (!this.localMode) return this.#identifyClient(request, reply, done);
      request.exchange.record.client = LOCAL;
      done();
    };
    // Another process may have created the first key.
    if (this.localMode) this.options.apiKeys.checkForChanges().then(check, done);
    else check();
  };

  /** The hook of the admin API. Local mode needs the token or a session too. */
  requireAdmin = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    this.adminAccess.identify(request).then(
      (identity) => {
        request.admin = identity;
        request.exchange.record.client = 'admin';
        done();
      },
      (cause: unknown) => this.refuse(request, reply, GatewayError.from(cause)),
    );
  };

  #identifyClient(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    const { exchange, headers } = request;
    const accept = (client: string): void => {
      exchange.record.client = client;
      exchange.key = this.options.apiKeys.restrictedKey(client);
      done();
    };
    const refuse = async (cause: unknown) => {
      const refusal = await this.#refusalNow(request, GatewayError.from(cause));
      if (refusal) this.refuse(request, reply, refusal);
      else accept(LOCAL);
    };
    const known = this.#guard.identifyNow(headers);
    if (known !== undefined) accept(known);
    else if (this.servesAdmin && isOfSession(headers)) this.#identifyConsole(request, reply, done);
    else this.#guard.identify(headers, request.ip).then(accept, refuse);
  }

  /** Undefined if another process has removed the last key, so that no client needs one. */
  async #refusalNow(request: FastifyRequest, refusal: GatewayError): Promise<GatewayError | undefined> {
    if (!this.#isLoopbackOnly) return refusal;
    await this.options.apiKeys.checkForChanges();
    if (!this.localMode) return refusal;
    const rejection = this.#originRejection(request, false);
    return rejection === undefined ? undefined : new GatewayError('forbidden', rejection);
  }

  /** The chat of the console needs no key: its reader is an administrator. Changes need the CSRF token, as everywhere. */
  #identifyConsole(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    this.adminAccess.identify(request).then(
      () => {
        request.exchange.record.client = 'console';
        done();
      },
      (cause: unknown) => this.refuse(request, reply, GatewayError.from(cause)),
    );
  }

  errorDialectOf(request: FastifyRequest): ErrorDialect {
    const { originalUrl, url, headers, routeOptions } = request;
    if (isForAdmin(request.raw, routeOptions)) return adminErrors;
    return routeOptions.config?.errors ?? this.paths.protocolOf(originalUrl, url, headers);
  }

  /** From here on the answer is written to the raw response, with the headers set so far. */
  takeOver(request: FastifyRequest, reply: FastifyReply): HttpExchange {
    const { exchange } = request;
    exchange.headers.setAll(reply.getHeaders());
    reply.hijack();
    return exchange;
  }

  /** Sends the error in the dialect of its sender. */
  refuse(request: FastifyRequest, reply: FastifyReply, error: GatewayError): FastifyReply {
    sendError(this.takeOver(request, reply), this.errorDialectOf(request), error);
    return reply;
  }
}

/** A header that is sent twice is invalid. */
function takeTraceContext(record: RequestRecord, { traceparent, tracestate }: IncomingHttpHeaders): void {
  if (typeof traceparent !== 'string') return;
  record.traceparent = traceparent;
  if (typeof tracestate === 'string') record.tracestate = tracestate;
}

/** Some proxies' code for a client that left before its answer. */
const CLIENT_CLOSED = 499;

/** Claude Code warms its connection up with `HEAD /`. */
function pageKind(method: string): RequestKind {
  return method === 'HEAD' ? 'probe' : 'page';
}

/** Fastify puts them together for each reading. */
type RouteOptions = FastifyRequest['routeOptions'];

function describeRoute(record: RequestRecord, { config, url }: RouteOptions, isAdmin: boolean): void {
  record.routePath = url;
  record.protocol = config?.protocol;
  record.kind = config?.kind ?? (isAdmin ? 'admin' : url === undefined ? 'other' : pageKind(record.method));
}

/** The router reads `/%762/accounts` as `/v2/accounts`: the route it found counts, and the address where it found none. */
function isForAdmin({ url = '' }: IncomingMessage, route: RouteOptions): boolean {
  return isAdminPath(url) || isAdminPath(route.url ?? '');
}

export function stopping(): GatewayError {
  return new GatewayError('shutting_down', 'This gateway is shutting down. Send the request again in a moment.', {
    retryAfterMs: 1_000,
  });
}
