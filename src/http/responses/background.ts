/** Responses which are made while nobody waits: the request is answered at once, or with events as long as one listens. */
import { GatewayError } from '../../core/errors.ts';
import type { AskRequest, Gateway } from '../../gateway/ports.ts';
import { Cancelled } from '../../gateway/responses.ts';
import type { Run } from '../../gateway/run.ts';
import type { ResponseWriter } from '../../protocols/openai-responses/index.ts';
import type { ParsedRequest } from '../../protocols/protocol.ts';
import { notesOf, questionOf } from '../answer.ts';
import { type Exchange, sendJson } from '../exchange.ts';
import type { Keeping, ResponsesDesk } from './create.ts';
import { streamEvents } from './stream-events.ts';

interface BackgroundJob {
  readonly exchange: Exchange;
  readonly desk: ResponsesDesk;
  readonly client: string;
  readonly request: ParsedRequest;
  readonly writer: ResponseWriter;
  readonly keeping: Keeping;
}

/** Rejects when the response cannot be stored, or this client has too many in the making. */
export async function answerInBackground(job: BackgroundJob): Promise<void> {
  const { exchange, desk, client, request, writer, keeping } = job;
  const question = questionOf(exchange, request, client);
  const queued = writer.queue();
  const events = request.stream ? queued : undefined;
  const run = await desk.responses.begin(
    client,
    { ...keeping, response: writer.response, events },
    {
      get response() {
        return writer.response;
      },
      carryOut: (begun) => carryOut(begun, desk.gateway, question, writer, request.stream),
    },
  );
  if (request.stream)
    await streamEvents(exchange, run.eventsAfter(-1, exchange.gone.signal), desk.limits.pingIntervalMs);
  else sendJson(exchange, 200, writer.shown, notesOf(exchange));
}

async function carryOut(
  run: Run,
  gateway: Gateway,
  question: AskRequest,
  writer: ResponseWriter,
  isStreamed: boolean,
): Promise<void> {
  const say = (text: string): void => {
    if (isStreamed) run.say(text);
  };
  try {
    const answer = await gateway.ask(question, run.signal);
    for await (const events of answer.batches) {
      if (run.signal.aborted) break;
      for (const event of events) say(writer.write(event));
    }
    run.signal.throwIfAborted();
    // Says nothing when the reply had its end.
    throw new GatewayError('upstream_broken', 'The reply stopped before its end.');
  } catch (cause) {
    const reason: unknown = run.signal.aborted ? run.signal.reason : cause;
    if (reason instanceof Cancelled) say(writer.cancel());
    else say(writer.write({ type: 'reply-error', error: GatewayError.from(reason) }));
  }
}
