/**
 * Answers one chat request in any client protocol: parse, ask the gateway, write. Streams are written a batch at a time
 * and wait for slow readers; replies that are not streamed are collected from the same events. A failure is an HTTP status
 * while nothing has been written, and an event of the client's protocol after that.
 */
import { type EventEmitter, once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { GROUP_PATTERN } from '../accounts/options.ts';
import { collectReply } from '../core/collect.ts';
import { GatewayError } from '../core/errors.ts';
import { pushAll } from '../core/push.ts';
import type { ReplyEvent } from '../core/reply.ts';
import { timeSlices } from '../core/steps.ts';
import { addUsage } from '../core/usage.ts';
import type { Answer, AskRequest, Gateway, ModelScope } from '../gateway/ports.ts';
import { alsoTakenBy, type ReplyText } from '../gateway/recorded-text.ts';
import type {
  ClientProtocol,
  ParsedCompletion,
  ParsedRequest,
  ProtocolRoute,
  ReplyWriter,
} from '../protocols/protocol.ts';
import { readModelRequest } from './body.ts';
import { adjustmentsOf, askForChoices, type ChoicesRequest } from './choices.ts';
import { type ErrorDialect, type HttpExchange, noteError, sendError, sendJson } from './http-exchange.ts';
import { adjustmentsHeader, routeHeader } from './notes.ts';
import type { AnswerLimits } from './ports.ts';
import { writePiece } from './response-pieces.ts';
import { type Writing, writingOf } from './writing.ts';

/** Rejects with the error for the client. */
export async function answerReply(
  exchange: HttpExchange,
  protocol: ClientProtocol,
  route: Extract<ProtocolRoute, { operation: 'reply' }>,
  gateway: Gateway,
  client: string,
  limits: AnswerLimits,
): Promise<void> {
  const body = await readModelRequest(exchange, limits);
  const context = contextOf(exchange);
  const parsing = timeSlices.start(route.parse?.(body, context) ?? protocol.parseRequest(body, context));
  const request = parsing instanceof Promise ? await parsing : parsing;
  if ('completion' in request) return answerCompletion(exchange, protocol, request, gateway, client, limits);
  // Not awaited, so that the body and the request can go while the reply is open: see StreamedReply.
  return answerParsed(exchange, request, writingOf(protocol, request, request.choices ?? 1), gateway, client, limits);
}

/** Throws or rejects with the error for the client. */
export function answerParsed(
  exchange: HttpExchange,
  request: ParsedRequest,
  writing: Writing,
  gateway: Gateway,
  client: string,
  limits: AnswerLimits,
): Promise<void> {
  const askRequest = toAskRequest(exchange, request, client);
  const { signal: gone } = exchange.gone;
  const ask = () => askForChoices(request.choices ?? 1, (signal) => gateway.ask(askRequest, signal), gone);
  if (request.stream) return new StreamedReply(exchange, writing, limits.pingIntervalMs).run(ask());
  return ask().then((choices) => answerWhole(exchange, writing, choices));
}

/** The request for the gateway. Also records its model for the log. */
export function toAskRequest(exchange: HttpExchange, request: ParsedRequest, client: string): AskRequest {
  const { conversation, adjustments, stream } = request;
  const { requestId, record } = exchange;
  record.model = conversation.model;
  record.stream = stream;
  record.adjustments = adjustments;
  const { group, models } = scopeOf(exchange);
  return {
    requestId,
    client,
    group,
    models,
    conversation,
    adjustments,
    attempts: record.attempts,
    capture: record.capture,
  };
}

/** Sends the error to the client, if it is still connected. */
export function sendFailure(exchange: HttpExchange, dialect: ErrorDialect, cause: unknown): void {
  const error = stopReason(exchange, cause);
  if (error) sendError(exchange, dialect, error);
}

export function contextOf({ request, receivedMs }: HttpExchange) {
  return {
    nowMs: receivedMs,
    header(name: string): string | undefined {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

/** What the client's key allows. Throws `invalid_request` for a group that it does not. */
function scopeOf(exchange: HttpExchange): ModelScope {
  const { key } = exchange;
  const group = groupOf(exchange);
  if (!key) return { group };
  if (key.group !== undefined && group !== undefined && group !== key.group) {
    const message = `x-dragoman-group: this API key uses the accounts of the group ${key.group}. Leave the header out.`;
    throw new GatewayError('invalid_request', message, { param: 'x-dragoman-group' });
  }
  return { group: key.group ?? group, models: key.models };
}

/** The group of accounts that the client requests. */
function groupOf({ request }: HttpExchange): string | undefined {
  const group = request.headers['x-dragoman-group'];
  if (group === undefined || (typeof group === 'string' && GROUP_PATTERN.test(group))) return group;
  const message = 'x-dragoman-group is not a group name. Use up to 32 lower-case letters, digits, dots and dashes.';
  throw new GatewayError('invalid_request', message, { param: 'x-dragoman-group' });
}

async function answerWhole(exchange: HttpExchange, writing: Writing, choices: ChoicesRequest): Promise<void> {
  recordAnswers(exchange, choices);
  const { text } = exchange.record;
  const collect = ({ batches }: Answer) => collectReply(text ? alsoTakenBy(batches, text.addReply()) : batches);
  const replies = await Promise.all(choices.answers.map(collect)).catch((cause) => {
    choices.stop();
    throw cause;
  });
  exchange.gone.signal.throwIfAborted();
  exchange.record.usage = replies.map(({ usage }) => usage).reduce(addUsage);
  exchange.record.firstByteMs = exchange.elapsedMs;
  exchange.record.adjustments = adjustmentsOf(choices);
  const body = writing.writeReplies(replies);
  await writing.finish?.();
  sendJson(exchange, 200, body, { ...timing(exchange), ...notesOf(exchange) });
}

/** Code at the cursor: all choices are complete before the first is written. */
async function answerCompletion(
  exchange: HttpExchange,
  protocol: ClientProtocol,
  request: ParsedCompletion,
  gateway: Gateway,
  client: string,
  limits: AnswerLimits,
): Promise<void> {
  const { completion, adjustments, stream } = request;
  Object.assign(exchange.record, { model: completion.model, stream, adjustments });
  const { requestId, gone, record } = exchange;
  const scope = scopeOf(exchange);
  const { attempts, capture } = record;
  const completeRequest = { requestId, client, ...scope, completion, adjustments, attempts, capture };
  const answers = await gateway.complete(completeRequest, gone.signal);
  const all: ChoicesRequest = { answers, stop: () => {} };
  const writing = writingOf(protocol, request, answers.length);
  if (stream) await new StreamedReply(exchange, writing, limits.pingIntervalMs).run(Promise.resolve(all));
  else await answerWhole(exchange, writing, all);
}

/**
 * A reply that is written as events while it arrives. It and all that waits for it keep neither the client's request nor the
 * conversation, which may be megabytes for each open stream.
 */
class StreamedReply {
  readonly #exchange: HttpExchange;
  readonly #keepAlive: string;
  readonly #finish: Writing['finish'];
  readonly #writers: readonly ReplyWriter[];
  readonly #silence: NodeJS.Timeout;
  /** Number of choices that have not ended. */
  #open: number;
  #choices: ChoicesRequest | undefined;
  #ended = false;

  constructor(exchange: HttpExchange, writing: Writing, pingIntervalMs: number) {
    this.#exchange = exchange;
    this.#keepAlive = writing.keepAlive;
    this.#finish = writing.finish;
    this.#writers = writing.createWriters();
    this.#open = this.#writers.length;
    this.#silence = setTimeout(() => this.#ping(), pingIntervalMs);
  }

  async run(asked: Promise<ChoicesRequest>): Promise<void> {
    try {
      this.#choices = await asked;
      recordAnswers(this.#exchange, this.#choices);
      const { answers } = this.#choices;
      const [only] = this.#writers;
      if (only && this.#writers.length === 1) await this.#copy(answers[0], only);
      else await Promise.all(this.#writers.map((writer, choice) => this.#copy(answers[choice], writer)));
      if (!this.#ended) throw new GatewayError('upstream_broken', 'The reply stopped before its end.');
    } catch (cause) {
      await this.#fail(cause);
    } finally {
      clearTimeout(this.#silence);
      this.#choices?.stop();
      this.#noteAdjustments();
    }
    const { response } = this.#exchange;
    if (!response.writableEnded) response.end();
  }

  #noteAdjustments(): void {
    if (this.#choices) this.#exchange.record.adjustments = adjustmentsOf(this.#choices);
  }

  #copy(answer: Answer | undefined, writer: ReplyWriter): Promise<void> | undefined {
    if (!answer) return undefined;
    const recorded = this.#exchange.record.text?.addReply();
    const take = (events: readonly ReplyEvent[]) => this.#take(events, writer, recorded);
    return pushAll(answer.batches[Symbol.asyncIterator](), take).then(throwIfFailed);
  }

  /** Returns a promise if the next events have to wait, because the client lags behind or the response is being stored. */
  #take(
    events: readonly ReplyEvent[],
    writer: ReplyWriter,
    recorded: ReplyText | undefined,
  ): Promise<void> | undefined {
    if (this.#ended) return undefined;
    recorded?.take(events);
    // Once aborted, the abort is the reason for the end, whatever the reply reports: see `stopReason`.
    this.#exchange.gone.signal.throwIfAborted();
    const text = events.length === 1 && events[0] ? writer.write(events[0]) : writeAll(events, writer);
    this.#noteEnd(events.at(-1));
    if (!this.#ended) return this.#send(text);
    if (!this.#finish) return this.#end(text);
    return this.#finish().then(() => this.#end(text));
  }

  /** The end of the reply and that of the response are one write. */
  #end(text: string): undefined {
    this.#begin();
    this.#exchange.record.capture?.takeReply(text);
    this.#noteAdjustments();
    this.#exchange.response.end(text);
  }

  #send(text: string): Promise<void> | undefined {
    if (text === '') return undefined;
    this.#exchange.record.capture?.takeReply(text);
    const lagging = this.#write(text);
    return lagging && this.#drained(lagging);
  }

  async #drained(lagging: EventEmitter): Promise<void> {
    await once(lagging, 'drain', { signal: this.#exchange.gone.signal });
  }

  #write(text: string): EventEmitter | undefined {
    const { response } = this.#exchange;
    const isFirst = !response.headersSent;
    this.#begin();
    this.#silence.refresh();
    return writePiece(response, text, isFirst);
  }

  #begin(): void {
    const exchange = this.#exchange;
    const { response, headers } = exchange;
    if (response.headersSent) return;
    exchange.record.firstByteMs = exchange.elapsedMs;
    headers.setAll(STREAM_HEADERS);
    headers.setAll(timing(exchange));
    headers.setAll(notesOf(exchange));
    response.writeHead(200, headers.take());
  }

  #ping(): void {
    const { response } = this.#exchange;
    this.#silence.refresh();
    // A client that is not reading needs no keep-alive.
    if (
      response.destroyed ||
      response.writableEnded ||
      response.writableNeedDrain ||
      response.socket?.writableNeedDrain
    )
      return;
    this.#write(this.#keepAlive);
  }

  async #fail(cause: unknown): Promise<void> {
    const { response } = this.#exchange;
    const error = stopReason(this.#exchange, cause);
    if (!error || this.#ended) return;
    if (!response.headersSent) throw error;
    noteError(this.#exchange, error);
    const text = this.#writers[0]?.write({ type: 'reply-error', error }) ?? '';
    await this.#finish?.();
    this.#end(text);
  }

  #noteEnd(last: ReplyEvent | undefined): void {
    const { record } = this.#exchange;
    if (last?.type === 'reply-end') {
      record.usage = record.usage ? addUsage(record.usage, last.usage) : last.usage;
      this.#open--;
      this.#ended = this.#open === 0;
    } else if (last?.type === 'reply-error') {
      noteError(this.#exchange, last.error);
      this.#ended = true;
      this.#choices?.stop();
    }
  }
}

function throwIfFailed(failure: unknown): void {
  if (failure !== undefined) throw failure;
}

function writeAll(events: readonly ReplyEvent[], writer: ReplyWriter): string {
  let text = '';
  for (const event of events) text += writer.write(event);
  return text;
}

export const STREAM_HEADERS: OutgoingHttpHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Makes nginx and similar proxies pass each event on at once.
  'x-accel-buffering': 'no',
};

function recordAnswers({ record }: HttpExchange, choices: ChoicesRequest): void {
  const route = choices.answers[0]?.route;
  if (route) record.route = route;
  record.adjustments = adjustmentsOf(choices);
}

/** The time so far, for APIs whose vendor reports it too. */
function timing(exchange: HttpExchange): OutgoingHttpHeaders {
  return exchange.headers.has('openai-version') ? { 'openai-processing-ms': String(exchange.elapsedMs) } : {};
}

export function notesOf({ record: { adjustments = [], route } }: HttpExchange): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  if (adjustments.length > 0) headers['x-dragoman-adjustments'] = adjustmentsHeader(adjustments);
  if (route) headers['x-dragoman-route'] = routeHeader(route);
  return headers;
}

/** The error for the client, or undefined if it has disconnected. */
function stopReason(exchange: HttpExchange, cause: unknown): GatewayError | undefined {
  const { gone } = exchange;
  if (!gone.signal.aborted) return GatewayError.from(cause);
  const reason: unknown = gone.signal.reason;
  if (reason instanceof GatewayError) return reason;
  noteError(exchange, new GatewayError('client_closed', 'The client disconnected before the reply ended.'));
  return undefined;
}
