/** Reads the payload of one event, for the decoder of replies and for the service's own events in the library. */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';

/** Unwraps payloads that an intermediary wrapped in the event's name. Throws `upstream_broken`. */
export function eventPayload(kind: string, json: string): JsonObject {
  let payload: unknown;
  try {
    payload = JSON.parse(json);
  } catch (cause) {
    throw new GatewayError('upstream_broken', `The service sent a ${kind} that is not JSON.`, { cause });
  }
  if (!isJsonObject(payload))
    throw new GatewayError('upstream_broken', `The service sent a ${kind} that is not a JSON object.`);
  const inner = payload[kind];
  return isJsonObject(inner) ? inner : payload;
}
