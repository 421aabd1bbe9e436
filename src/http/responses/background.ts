/** Responses made in the background: the request is answered at once, or with events for as long as its client stays. */
import { ERROR_RULES, GatewayError } from '../../core/errors.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import type { AskRequest } from '../../gateway/ports.ts';
import { RequestRecord, report } from '../../gateway/request-record.ts';
import { Cancelled } from '../../gateway/responses.ts';
import type { Run } from '../../gateway/run.ts';
import type { Echo, ResponseWriter } from '../../protocols/openai-responses/index.ts';
import type { ParsedRequest } from '../../protocols/protocol.ts';
import { notesOf, toAskRequest } from '../answer.ts';
import { sendJson } from '../http-exchange.ts';
import type { NewResponse, ResponsesCall } from './ports.ts';
import { streamEvents } from './stream-events.ts';

interface BackgroundJob {
  readonly call: ResponsesCall;
  readonly request: ParsedRequest<Echo>;
  readonly writer: ResponseWriter;
  readonly created: NewResponse;
}

/** Rejects when the response cannot be stored, or the client has too many unfinished responses. */
export async function answerInBackground(job: BackgroundJob): Promise<void> {
  const { call, request, writer, created } = job;
  const { exchange, service, client } = call;
  const askRequest = toAskRequest(exchange, request, client);
  // The reply is that of the background response, which has a record of its own.
  const { record } = exchange;
  const background = recordOf(record, created.id);
  record.kind = 'responses';
  record.text = undefined;
  const queued = writer.queue();
  const events = request.stream ? queued : undefined;
  const run = await service.responses.begin(
    client,
    { ...created, response: writer.response, events },
    {
      response: () => writer.response,
      carryOut: (begun) => carryOut(begun, job, askRequest, background),
    },
  );
  if (request.stream) await streamEvents(exchange, (gone) => run.eventsAfter(-1, gone), service.limits.pingIntervalMs);
  else sendJson(exchange, 200, writer.shown, notesOf(exchange));
}

/** Has a record of its own, with what the headers of a direct answer would have reported. */
async function carryOut(run: Run, job: BackgroundJob, askRequest: AskRequest, record: RequestRecord): Promise<void> {
  const { call, request, writer } = job;
  const { exchange, service } = call;
  const text = record.text?.addReply();
  const write = (event: ReplyEvent): void => {
    if (event.type === 'reply-end') record.usage = event.usage;
    if (event.type === 'reply-error') Object.assign(record, { code: event.error.code, error: event.error });
    publish(writer.write(event));
  };
  const publish = (text: string): void => {
    if (request.stream) run.append(text);
  };
  try {
    const answer = await service.gateway.ask({ ...askRequest, attempts: record.attempts }, run.signal);
    Object.assign(record, { route: answer.route, adjustments: answer.adjustments });
    for await (const events of answer.batches) {
      run.signal.throwIfAborted();
      text?.take(events);
      for (const event of events) write(event);
    }
    run.signal.throwIfAborted();
    // After the end of a reply the writer writes nothing more.
    if (!record.usage && !record.error) throw new GatewayError('upstream_broken', 'The reply stopped before its end.');
  } catch (cause) {
    const reason: unknown = run.signal.aborted ? run.signal.reason : cause;
    if (reason instanceof Cancelled) {
      record.code = 'client_closed';
      publish(writer.cancel());
    } else write({ type: 'reply-error', error: GatewayError.from(reason) });
  }
  record.durationMs = exchange.elapsedMs;
  record.status = record.code ? ERROR_RULES[record.code].status : 200;
  report(record, service.observers, (err) => service.log.error({ err }, 'an observer of requests failed'));
}

/** Begins as a copy of what is known of the request that started the response. */
function recordOf(started: RequestRecord, responseId: string): RequestRecord {
  const { requestId, receivedMs, method, url, routePath, protocol, userAgent, client, model, stream, adjustments } =
    started;
  const { traceparent, tracestate, text } = started;
  const record = new RequestRecord(requestId, receivedMs);
  record.capture = started.capture;
  started.capture = undefined;
  const kind = 'reply' as const;
  return Object.assign(record, {
    ...{ responseId, kind, method, url, routePath, protocol, userAgent, client, model, stream, adjustments },
    ...{ traceparent, tracestate, text },
  });
}
