/** Stored responses: fetched, streamed again, listed, cancelled and deleted. */
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { StoredResponse } from '../../gateway/response-store.ts';
import { showResponse, wantsEncrypted } from '../../protocols/openai-responses/index.ts';
import { sendJson } from '../http-exchange.ts';
import type { ResponsesCall } from './ports.ts';
import { streamEvents } from './stream-events.ts';

/** `GET /v1/responses/{id}`. Rejects with `not_found`, or `invalid_request` if its events are not available. */
export async function fetchResponse(call: ResponsesCall): Promise<void> {
  const { exchange, query } = call;
  const stored = await find(call);
  if (query.stream === 'true') return streamAgain(call, stored);
  sendJson(exchange, 200, showResponse(stored.response, wantsEncrypted(list(query.include ?? query['include[]']))));
}

async function streamAgain({ exchange, service, query, client }: ResponsesCall, stored: StoredResponse): Promise<void> {
  const { responses, limits } = service;
  const after = query.starting_after === undefined ? -1 : wholeNumber(query.starting_after, 'starting_after', 0, 1e9);
  const events = responses.eventsOf(client, stored, after);
  if (!events) {
    const message = 'stream: this response was not created with background and stream. Fetch it without stream.';
    throw new GatewayError('invalid_request', message, { param: 'stream' });
  }
  await streamEvents(exchange, events, limits.pingIntervalMs);
}

/** `GET /v1/responses/{id}/input_items` */
export async function listInputItems(call: ResponsesCall): Promise<void> {
  const { query } = call;
  const { input } = await find(call);
  const limit = query.limit === undefined ? 20 : wholeNumber(query.limit, 'limit', 1, 100);
  const ordered = isAscending(query.order) ? input : input.toReversed();
  const start = query.after === undefined ? 0 : ordered.findIndex((item) => item.id === query.after) + 1;
  if (query.after !== undefined && start === 0)
    throw new GatewayError('invalid_request', 'after: is not the id of a listed item.', { param: 'after' });
  const data = ordered.slice(start, start + limit);
  sendJson(call.exchange, 200, {
    object: 'list',
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < ordered.length,
  });
}

/** `POST /v1/responses/{id}/cancel`. A response that has ended is returned unchanged. */
export async function cancelResponse(call: ResponsesCall): Promise<void> {
  const { exchange, service, client, id } = call;
  const { response } = await find(call);
  if (response.background !== true) {
    const message =
      'Only a response created with background can be cancelled. To stop this one, close the connection of its request.';
    throw new GatewayError('invalid_request', message);
  }
  const cancelled = await service.responses.cancel(client, id);
  sendJson(exchange, 200, showResponse(cancelled?.response ?? response, false));
}

/** `DELETE /v1/responses/{id}` */
export async function deleteResponse(call: ResponsesCall): Promise<void> {
  const { exchange, service, client, id } = call;
  if (!(await service.responses.remove(client, id))) throw notFound(id);
  sendJson(exchange, 200, { id, object: 'response', deleted: true } satisfies JsonObject);
}

async function find({ service, client, id }: ResponsesCall): Promise<StoredResponse> {
  const stored = await service.responses.find(client, id);
  if (!stored) throw notFound(id);
  return stored;
}

function notFound(id: string): GatewayError {
  return new GatewayError('not_found', `Response with id '${id.slice(0, 100)}' not found.`);
}

function list(value: unknown): string[] {
  return [value].flat().flatMap((one) => (typeof one === 'string' ? one.split(',') : []));
}

function isAscending(order: unknown): boolean {
  if (order === 'asc') return true;
  if (order === undefined || order === 'desc') return false;
  throw new GatewayError('invalid_request', 'order: expected "asc" or "desc".', { param: 'order' });
}

function wholeNumber(value: unknown, param: string, minimum: number, maximum: number): number {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  const message = `${param}: expected a whole number from ${minimum} to ${maximum}.`;
  throw new GatewayError('invalid_request', message, { param });
}
