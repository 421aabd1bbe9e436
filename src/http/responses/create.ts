/** `POST /v1/responses`: what the request names is looked up, the reply is written, and the response is kept. */
import type { Log } from '../../core/log.ts';
import { timeSlices } from '../../core/steps.ts';
import type { Gateway } from '../../gateway/ports.ts';
import type { KeptResponse, Responses } from '../../gateway/responses.ts';
import {
  echoOf,
  inputItems,
  openaiResponses,
  type Past,
  type ResponseWriter,
  replayInto,
} from '../../protocols/openai-responses/index.ts';
import type { ParsedRequest } from '../../protocols/protocol.ts';
import { type AnswerLimits, answerParsed, contextOf, sendFailure } from '../answer.ts';
import { readModelRequest } from '../body.ts';
import type { HttpExchange } from '../http-exchange.ts';
import { randomId } from '../ids.ts';
import type { Writing } from '../writing.ts';
import { answerInBackground } from './background.ts';
import { lookUp } from './look-up.ts';

/** What the handlers of these routes work with. */
export interface ResponsesService {
  readonly gateway: Gateway;
  readonly responses: Responses;
  readonly limits: AnswerLimits;
  readonly log: Log;
}

/** Never rejects: whatever happens is said to the client, or there is no client any more. */
export async function createResponse(
  exchange: HttpExchange,
  pipeline: ResponsesService,
  client: string,
): Promise<void> {
  try {
    const body = await readModelRequest(exchange, pipeline.limits);
    const past = await lookUp(body, pipeline.responses, client, exchange.gone.signal);
    const request = await timeSlices.run(openaiResponses.parseRequest(body, contextOf(exchange), past));
    const id = openaiResponses.replyId(randomId());
    const writer = openaiResponses.createWriter(request, id, { now: () => exchange.receivedMs + exchange.elapsedMs() });
    const keeping = keepingOf(request, id, past);
    if (echoOf(request).request.background)
      await answerInBackground({ exchange, pipeline, client, request, writer, keeping });
    else
      await answerParsed(
        exchange,
        request,
        writingOf(writer, pipeline, client, request, keeping),
        pipeline.gateway,
        client,
        pipeline.limits,
      );
  } catch (cause) {
    sendFailure(exchange, openaiResponses, cause);
  }
}

/** What is known of a response before it is made. */
export type Keeping = Pick<KeptResponse, 'id' | 'input' | 'previousId'>;

function keepingOf(request: ParsedRequest, id: string, past: Past | undefined): Keeping {
  const { request: asked } = echoOf(request);
  const input = inputItems(asked, id, past?.referenced ?? new Map());
  return { id, input, previousId: asked.previous_response_id ?? undefined };
}

function writingOf(
  writer: ResponseWriter,
  { responses }: ResponsesService,
  client: string,
  request: ParsedRequest,
  keeping: Keeping,
): Writing {
  const isKept = echoOf(request).request.store !== false;
  return {
    keepAlive: openaiResponses.keepAlive,
    createWriters: () => [writer],
    writeReplies([reply]) {
      if (reply) replayInto(writer, reply);
      return writer.shown;
    },
    async finish() {
      if (isKept) await responses.keep(client, { ...keeping, response: writer.response, events: undefined });
    },
  };
}
