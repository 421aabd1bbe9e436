/** `POST /v1/responses/compact`, and the count of a request's tokens: both read what a request reads. */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';
import { inOneStep, timeSlices } from '../../core/steps.ts';
import { inputItems, openaiResponses, parseCompact } from '../../protocols/openai-responses/index.ts';
import { contextOf, notesOf, toAskRequest } from '../answer.ts';
import { readJson } from '../body.ts';
import { sendJson } from '../http-exchange.ts';
import { randomId } from '../ids.ts';
import { lookUp } from './look-up.ts';
import type { ResponsesCall } from './ports.ts';

/** The user's messages stay word for word; everything else becomes one item. Rejects with the error for the client. */
export async function compact({ exchange, service, client }: ResponsesCall): Promise<void> {
  const body = await readJson(exchange, service.limits);
  const past = await lookUp(body, service.responses, client, exchange.gone.signal);
  const request = await timeSlices.run(parseCompact(body, contextOf(exchange), past));
  const id = openaiResponses.replyId(randomId());
  const writer = openaiResponses.createWriter(request, id);
  const answer = await service.gateway.ask(toAskRequest(exchange, request, client), exchange.gone.signal);
  Object.assign(exchange.record, { route: answer.route, adjustments: answer.adjustments });
  const text = exchange.record.text?.addReply();
  for await (const events of answer.batches) {
    text?.take(events);
    for (const event of events) {
      if (event.type === 'reply-error') throw event.error;
      if (event.type === 'reply-end') exchange.record.usage = event.usage;
      writer.write(event);
    }
  }
  const { status, output, usage } = writer.response;
  if (status !== 'completed')
    throw new GatewayError('empty_reply', 'The model did not finish its summary of the conversation. Try again.');
  const referenced = past?.referenced ?? new Map();
  const conversation = [...(past?.items ?? []), ...inputItems(request.echo.request, id, referenced)];
  const messages = conversation.filter((item) => item.type === 'message' && item.role === 'user');
  sendJson(
    exchange,
    200,
    {
      id,
      object: 'response.compaction',
      created_at: request.createdAtS,
      output: [...messages, ...(Array.isArray(output) ? output : [])],
      usage,
    },
    notesOf(exchange),
  );
}

/** `POST /v1/responses/input_tokens`: dragoman's own estimate. The model is optional there. */
export async function countInputTokens({ exchange, service, client }: ResponsesCall): Promise<void> {
  const body = await readJson(exchange, service.limits);
  const past = await lookUp(body, service.responses, client, exchange.gone.signal);
  const complete = isJsonObject(body) ? { ...body, model: body.model ?? 'auto' } : body;
  const { conversation } = await timeSlices.run(openaiResponses.parseRequest(complete, contextOf(exchange), past));
  exchange.record.model = conversation.model;
  const tokens = await timeSlices.run(inOneStep(() => service.gateway.countTokens(conversation)));
  sendJson(exchange, 200, { object: 'response.input_tokens', input_tokens: tokens });
}
