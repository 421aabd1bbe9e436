/** The routes of OpenAI's Responses API. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { openaiResponses } from '../../protocols/openai-responses/index.ts';
import { sendFailure } from '../answer.ts';
import type { Desk } from '../desk.ts';
import type { Exchange } from '../exchange.ts';
import { compact, countInputTokens } from './compact.ts';
import { createResponse } from './create.ts';
import { cancelResponse, deleteResponse, fetchResponse, listInputItems } from './fetch.ts';
import { RESPONSES_SCHEMAS } from './schemas.ts';

type Handler = (
  exchange: Exchange,
  client: string,
  id: string,
  query: Readonly<Record<string, unknown>>,
) => Promise<void>;

export function registerResponses(app: FastifyInstance, desk: Desk): void {
  const { options } = desk;
  const answered = (handle: Handler) => async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('openai-version', '2020-10-01');
    const exchange = desk.takeOver(request, reply);
    const { id = '' }: { id?: string } = request.params ?? {};
    try {
      await handle(exchange, exchange.record.client ?? 'local', id, { ...Object(request.query) });
    } catch (cause) {
      sendFailure(exchange, openaiResponses, cause);
    }
  };
  const route = (method: 'GET' | 'POST' | 'DELETE', url: string, handle: Handler) =>
    app.route({
      method,
      url,
      onRequest: desk.requireKey,
      schema: RESPONSES_SCHEMAS[`${method} ${url}`] ?? {},
      handler: answered(handle),
    });

  route('POST', '/v1/responses', (exchange, client) => createResponse(exchange, options, client));
  route('POST', '/v1/responses/compact', (exchange, client) => compact(exchange, options, client));
  route('POST', '/v1/responses/input_tokens', (exchange, client) => countInputTokens(exchange, options, client));
  route('GET', '/v1/responses/:id', (exchange, client, id, query) =>
    fetchResponse(exchange, options, client, id, query),
  );
  route('DELETE', '/v1/responses/:id', (exchange, client, id) => deleteResponse(exchange, options, client, id));
  route('POST', '/v1/responses/:id/cancel', (exchange, client, id) => cancelResponse(exchange, options, client, id));
  route('GET', '/v1/responses/:id/input_items', (exchange, client, id, query) =>
    listInputItems(exchange, options, client, id, query),
  );
}
