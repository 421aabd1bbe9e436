/** Responses which are made while nobody waits: the request is answered at once, or with events as long as one listens. */
import { GatewayError } from '../../core/errors.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import type { AskRequest } from '../../gateway/ports.ts';
import { Cancelled } from '../../gateway/responses.ts';
import type { Run } from '../../gateway/run.ts';
import type { ResponseWriter } from '../../protocols/openai-responses/index.ts';
import type { ParsedRequest } from '../../protocols/protocol.ts';
import { notesOf, questionOf } from '../answer.ts';
import { type HttpExchange, type RequestRecord, sendJson } from '../http-exchange.ts';
import { logBackground } from '../request-log.ts';
import type { Keeping, ResponsesService } from './create.ts';
import { streamEvents } from './stream-events.ts';

interface BackgroundJob {
  readonly exchange: HttpExchange;
  readonly pipeline: ResponsesService;
  readonly client: string;
  readonly request: ParsedRequest;
  readonly writer: ResponseWriter;
  readonly keeping: Keeping;
}

/** Rejects when the response cannot be stored, or this client has too many in the making. */
export async function answerInBackground(job: BackgroundJob): Promise<void> {
  const { exchange, pipeline, client, request, writer, keeping } = job;
  const question = questionOf(exchange, request, client);
  const queued = writer.queue();
  const events = request.stream ? queued : undefined;
  const run = await pipeline.responses.begin(
    client,
    { ...keeping, response: writer.response, events },
    {
      get response() {
        return writer.response;
      },
      carryOut: (begun) => carryOut(begun, job, question),
    },
  );
  if (request.stream) await streamEvents(exchange, (gone) => run.eventsAfter(-1, gone), pipeline.limits.pingIntervalMs);
  else sendJson(exchange, 200, writer.shown, notesOf(exchange));
}

/** Its own line in the log says what the answer's headers would have said, had anybody waited for it. */
async function carryOut(run: Run, job: BackgroundJob, question: AskRequest): Promise<void> {
  const { exchange, pipeline, client, request, writer, keeping } = job;
  const record: RequestRecord = { client, model: question.conversation.model, stream: request.stream };
  const say = (event: ReplyEvent): void => {
    if (event.type === 'reply-end') record.usage = event.usage;
    if (event.type === 'reply-error') Object.assign(record, { code: event.error.code, error: event.error });
    tell(writer.write(event));
  };
  const tell = (text: string): void => {
    if (request.stream) run.say(text);
  };
  try {
    const answer = await pipeline.gateway.ask(question, run.signal);
    Object.assign(record, { route: answer.route, adjustments: answer.adjustments });
    for await (const events of answer.batches) {
      run.signal.throwIfAborted();
      for (const event of events) say(event);
    }
    run.signal.throwIfAborted();
    // The writer says nothing more when the reply had its end.
    if (!record.usage && !record.error) throw new GatewayError('upstream_broken', 'The reply stopped before its end.');
  } catch (cause) {
    const reason: unknown = run.signal.aborted ? run.signal.reason : cause;
    if (reason instanceof Cancelled) {
      record.code = 'client_closed';
      tell(writer.cancel());
    } else say({ type: 'reply-error', error: GatewayError.from(reason) });
  }
  const fields = { requestId: exchange.requestId, responseId: keeping.id, durationMs: exchange.elapsedMs() };
  logBackground(pipeline.log, fields, record);
}
