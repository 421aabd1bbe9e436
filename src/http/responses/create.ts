/** `POST /v1/responses`: earlier responses that the request names are looked up, the reply is written, the response stored. */
import { timeSlices } from '../../core/steps.ts';
import {
  type Echo,
  inputItems,
  openaiResponses,
  type Past,
  type ResponseWriter,
  replayInto,
} from '../../protocols/openai-responses/index.ts';
import type { ParsedRequest } from '../../protocols/protocol.ts';
import { answerParsed, contextOf } from '../answer.ts';
import { readModelRequest } from '../body.ts';
import { randomId } from '../ids.ts';
import type { Writing } from '../writing.ts';
import { answerInBackground } from './background.ts';
import { lookUp } from './look-up.ts';
import type { NewResponse, ResponsesCall } from './ports.ts';

/** Rejects with the error for the client. */
export async function createResponse(call: ResponsesCall): Promise<void> {
  const { exchange, service, client } = call;
  const body = await readModelRequest(exchange, service.limits);
  const past = await lookUp(body, service.responses, client, exchange.gone.signal);
  const request = await timeSlices.run(openaiResponses.parseRequest(body, contextOf(exchange), past));
  const id = openaiResponses.replyId(randomId());
  const writer = openaiResponses.createWriter(request, id, { now: () => exchange.receivedMs + exchange.elapsedMs });
  const created = newResponse(request, id, past);
  if (request.echo.request.background) return answerInBackground({ call, request, writer, created });
  const writing = writingOf(writer, call, request, created);
  await answerParsed(exchange, request, writing, service.gateway, client, service.limits);
}

function newResponse({ echo }: ParsedRequest<Echo>, id: string, past: Past | undefined): NewResponse {
  const input = inputItems(echo.request, id, past?.referenced ?? new Map());
  return { id, input, previousId: echo.request.previous_response_id ?? undefined };
}

function writingOf(
  writer: ResponseWriter,
  { service, client }: ResponsesCall,
  request: ParsedRequest<Echo>,
  created: NewResponse,
): Writing {
  const isStored = request.echo.request.store !== false;
  return {
    keepAlive: openaiResponses.keepAlive,
    createWriters: () => [writer],
    writeReplies([reply]) {
      if (reply) replayInto(writer, reply);
      return writer.shown;
    },
    async finish() {
      if (isStored) await service.responses.save(client, { ...created, response: writer.response, events: undefined });
    },
  };
}
