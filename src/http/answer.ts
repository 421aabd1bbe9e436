/**
 * Answers one chat request in any client protocol: parse, ask the gateway, write. Streams are written a batch at a
 * time and wait for slow readers; whole replies are the same events, folded. A failure is a status while nothing has
 * been written, and an event of the client's protocol after that.
 */
import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { GROUP_PATTERN } from '../accounts/options.ts';
import type { Adjustment } from '../core/adjustments.ts';
import { ReplyCollector } from '../core/collect.ts';
import { GatewayError } from '../core/errors.ts';
import type { ReplyEvent } from '../core/reply.ts';
import type { Answer, Gateway } from '../gateway/ports.ts';
import type { ClientProtocol, ParsedRequest, ReplyWriter } from '../protocols/protocol.ts';
import { readJson } from './body.ts';
import { type Exchange, noteError, sendError, sendJson } from './exchange.ts';
import { randomId } from './ids.ts';
import { adjustmentsHeader, routeHeader } from './notes.ts';

export interface AnswerLimits {
  readonly maxBodyBytes: number;
  /** A stream is never silent for longer. */
  readonly pingIntervalMs: number;
}

/** Never rejects: whatever happens is said to the client, or there is no client any more. */
export async function answerChat(
  exchange: Exchange,
  protocol: ClientProtocol,
  gateway: Gateway,
  client: string,
  limits: AnswerLimits,
): Promise<void> {
  try {
    const body = await readJson(exchange.request, limits.maxBodyBytes);
    const request = protocol.parseRequest(body, contextOf(exchange));
    const { conversation, adjustments, stream } = request;
    Object.assign(exchange.record, { model: conversation.model, stream, adjustments });
    const { requestId } = exchange;
    const group = groupOf(exchange);
    const ask = () => gateway.ask({ requestId, client, group, conversation, adjustments }, exchange.gone.signal);
    if (stream) await new StreamedReply(exchange, protocol, request, limits.pingIntervalMs).run(ask);
    else await answerWhole(exchange, protocol, request, await ask());
  } catch (cause) {
    const error = stopReason(exchange, cause);
    if (error) sendError(exchange, protocol, error);
  }
}

export function contextOf({ request, receivedMs }: Exchange) {
  return {
    nowMs: receivedMs,
    header(name: string): string | undefined {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

/** The group of accounts which the client asks for. */
function groupOf({ request }: Exchange): string | undefined {
  const group = request.headers['x-dragoman-group'];
  if (group === undefined || (typeof group === 'string' && GROUP_PATTERN.test(group))) return group;
  const message = 'x-dragoman-group is no group name: lower-case letters, digits, dots, dashes; at most 32 of them.';
  throw new GatewayError('invalid_request', message, { param: 'x-dragoman-group' });
}

async function answerWhole(
  exchange: Exchange,
  protocol: ClientProtocol,
  request: ParsedRequest,
  answer: Answer,
): Promise<void> {
  noteAnswer(exchange, answer);
  const collector = new ReplyCollector();
  for await (const events of answer.batches) for (const event of events) collector.push(event);
  exchange.gone.signal.throwIfAborted();
  const reply = collector.reply();
  exchange.record.usage = reply.usage;
  exchange.record.firstByteMs = exchange.elapsedMs();
  const body = protocol.writeReply(reply, request, protocol.replyId(randomId()));
  sendJson(exchange, 200, body, { ...timing(exchange), ...notesOf(answer.adjustments, answer) });
}

/** A reply on its way to a client who reads events. */
class StreamedReply {
  readonly #exchange: Exchange;
  readonly #protocol: ClientProtocol;
  readonly #request: ParsedRequest;
  readonly #writer: ReplyWriter;
  readonly #silence: NodeJS.Timeout;
  #answer: Answer | undefined;
  #ended = false;

  constructor(exchange: Exchange, protocol: ClientProtocol, request: ParsedRequest, pingIntervalMs: number) {
    this.#exchange = exchange;
    this.#protocol = protocol;
    this.#request = request;
    this.#writer = protocol.createWriter(request, protocol.replyId(randomId()));
    this.#silence = setTimeout(() => this.#ping(), pingIntervalMs);
  }

  async run(ask: () => Promise<Answer>): Promise<void> {
    try {
      this.#answer = await ask();
      noteAnswer(this.#exchange, this.#answer);
      for await (const events of this.#answer.batches) await this.#send(events);
      if (!this.#ended) throw new GatewayError('upstream_broken', 'The reply stopped before its end.');
    } catch (cause) {
      this.#fail(cause);
    } finally {
      clearTimeout(this.#silence);
    }
    this.#exchange.response.end();
  }

  async #send(events: readonly ReplyEvent[]): Promise<void> {
    const text = events.length === 1 && events[0] ? this.#writer.write(events[0]) : this.#writeAll(events);
    this.#noteEnd(events.at(-1));
    if (text === '') return;
    const { response, gone } = this.#exchange;
    this.#begin();
    this.#silence.refresh();
    if (!response.write(text)) await once(response, 'drain', { signal: gone.signal });
  }

  #writeAll(events: readonly ReplyEvent[]): string {
    let text = '';
    for (const event of events) text += this.#writer.write(event);
    return text;
  }

  #begin(): void {
    const { response, headers, record, elapsedMs } = this.#exchange;
    if (response.headersSent) return;
    record.firstByteMs = elapsedMs();
    response.writeHead(200, {
      ...headers,
      ...STREAM_HEADERS,
      ...timing(this.#exchange),
      ...notesOf(this.#answer?.adjustments ?? this.#request.adjustments, this.#answer),
    });
  }

  #ping(): void {
    const { response } = this.#exchange;
    this.#silence.refresh();
    // Somebody who does not read what is there needs no sign of life.
    if (response.destroyed || response.writableNeedDrain) return;
    this.#begin();
    response.write(this.#protocol.keepAlive);
  }

  #fail(cause: unknown): void {
    const { response } = this.#exchange;
    const error = stopReason(this.#exchange, cause);
    if (!error || this.#ended) return;
    if (!response.headersSent) throw error;
    noteError(this.#exchange, error);
    response.write(this.#writer.write({ type: 'reply-error', error }));
  }

  #noteEnd(last: ReplyEvent | undefined): void {
    if (last?.type === 'reply-end') this.#exchange.record.usage = last.usage;
    else if (last?.type === 'reply-error') noteError(this.#exchange, last.error);
    else return;
    this.#ended = true;
  }
}

const STREAM_HEADERS: OutgoingHttpHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Tells nginx and its kin to pass each event on at once.
  'x-accel-buffering': 'no',
};

function noteAnswer({ record }: Exchange, answer: Answer): void {
  record.route = answer.route;
  record.adjustments = answer.adjustments;
}

/** How long it took until here, where OpenAI's own service says so too. */
function timing({ headers, elapsedMs }: Exchange): OutgoingHttpHeaders {
  return 'openai-version' in headers ? { 'openai-processing-ms': String(elapsedMs()) } : {};
}

function notesOf(adjustments: readonly Adjustment[], answer: Answer | undefined): OutgoingHttpHeaders {
  return {
    ...(adjustments.length === 0 ? {} : { 'x-dragoman-adjustments': adjustmentsHeader(adjustments) }),
    ...(answer ? { 'x-dragoman-route': routeHeader(answer.route) } : {}),
  };
}

/** What to tell the client, or undefined when it has left. */
function stopReason(exchange: Exchange, cause: unknown): GatewayError | undefined {
  const { gone } = exchange;
  if (!gone.signal.aborted) return GatewayError.from(cause);
  const reason: unknown = gone.signal.reason;
  if (reason instanceof GatewayError) return reason;
  noteError(exchange, new GatewayError('client_closed', 'The client left before the reply had ended.'));
  return undefined;
}
