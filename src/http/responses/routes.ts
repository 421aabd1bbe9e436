/** The routes of OpenAI's Responses API. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { openaiResponses } from '../../protocols/openai-responses/index.ts';
import { sendFailure } from '../answer.ts';
import type { HttpExchange } from '../http-exchange.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import { compact, countInputTokens } from './compact.ts';
import { createResponse } from './create.ts';
import { cancelResponse, deleteResponse, fetchResponse, listInputItems } from './fetch.ts';
import { RESPONSES_SCHEMAS } from './schemas.ts';

type Handler = (
  exchange: HttpExchange,
  client: string,
  id: string,
  query: Readonly<Record<string, unknown>>,
) => Promise<void>;

export function registerResponses(app: FastifyInstance, pipeline: RequestPipeline): void {
  const { options } = pipeline;
  const answered = (handle: Handler) => async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('openai-version', '2020-10-01');
    const exchange = pipeline.takeOver(request, reply);
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
      onRequest: pipeline.requireKey,
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
