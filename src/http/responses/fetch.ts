/** Stored responses: fetched, listened to, listed, called off and deleted. */
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { StoredResponse } from '../../gateway/response-store.ts';
import { showResponse, wantsEncrypted } from '../../protocols/openai-responses/index.ts';
import { type HttpExchange, sendJson } from '../http-exchange.ts';
import type { ResponsesService } from './create.ts';
import { streamEvents } from './stream-events.ts';

type Query = Readonly<Record<string, unknown>>;

/** `GET /v1/responses/{id}`. Rejects with `not_found`, or `invalid_request` for events which are not there. */
export async function fetchResponse(
  exchange: HttpExchange,
  pipeline: ResponsesService,
  client: string,
  id: string,
  query: Query,
): Promise<void> {
  const stored = await find(pipeline, client, id);
  if (query.stream === 'true') return streamAgain(exchange, pipeline, stored, query);
  sendJson(exchange, 200, showResponse(stored.response, wantsEncrypted(list(query.include ?? query['include[]']))));
}

async function streamAgain(
  exchange: HttpExchange,
  { responses, limits }: ResponsesService,
  stored: StoredResponse,
  query: Query,
): Promise<void> {
  const after = query.starting_after === undefined ? -1 : wholeNumber(query.starting_after, 'starting_after', 0, 1e9);
  const events = responses.eventsOf(stored, after);
  if (!events) {
    const message =
      'stream: this response was not made with background and stream, or is being made by another process; ' +
      'fetch it without stream.';
    throw new GatewayError('invalid_request', message, { param: 'stream' });
  }
  await streamEvents(exchange, events, limits.pingIntervalMs);
}

/** `GET /v1/responses/{id}/input_items` */
export async function listInputItems(
  exchange: HttpExchange,
  pipeline: ResponsesService,
  client: string,
  id: string,
  query: Query,
): Promise<void> {
  const { input } = await find(pipeline, client, id);
  const limit = query.limit === undefined ? 20 : wholeNumber(query.limit, 'limit', 1, 100);
  const ordered = query.order === 'asc' ? input : input.toReversed();
  const start = query.after === undefined ? 0 : ordered.findIndex((item) => item.id === query.after) + 1;
  if (query.after !== undefined && start === 0)
    throw new GatewayError('invalid_request', 'after: is not the id of a listed item.', { param: 'after' });
  const data = ordered.slice(start, start + limit);
  sendJson(exchange, 200, {
    object: 'list',
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < ordered.length,
  });
}

/** `POST /v1/responses/{id}/cancel`. One which has ended is answered as it is. */
export async function cancelResponse(
  exchange: HttpExchange,
  pipeline: ResponsesService,
  client: string,
  id: string,
): Promise<void> {
  const { response } = await find(pipeline, client, id);
  if (response.background !== true) {
    const message = 'Only a response which was made with background can be cancelled; to stop this one, hang up.';
    throw new GatewayError('invalid_request', message);
  }
  const cancelled = await pipeline.responses.cancel(client, id);
  sendJson(exchange, 200, showResponse(cancelled?.response ?? response, false));
}

/** `DELETE /v1/responses/{id}` */
export async function deleteResponse(
  exchange: HttpExchange,
  pipeline: ResponsesService,
  client: string,
  id: string,
): Promise<void> {
  if (!(await pipeline.responses.remove(client, id))) throw notFound(id);
  sendJson(exchange, 200, { id, object: 'response', deleted: true } satisfies JsonObject);
}

async function find({ responses }: ResponsesService, client: string, id: string): Promise<StoredResponse> {
  const stored = await responses.find(client, id);
  if (!stored) throw notFound(id);
  return stored;
}

function notFound(id: string): GatewayError {
  return new GatewayError('not_found', `Response with id '${id.slice(0, 100)}' not found.`);
}

function list(value: unknown): string[] {
  return [value].flat().flatMap((one) => (typeof one === 'string' ? one.split(',') : []));
}

function wholeNumber(value: unknown, param: string, minimum: number, maximum: number): number {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  const message = `${param}: expected a whole number from ${minimum} to ${maximum}.`;
  throw new GatewayError('invalid_request', message, { param });
}
