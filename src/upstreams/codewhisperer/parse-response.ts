/** Reads the bodies of operations other than chat, so that all of them report an unreadable one in the same words. */
import { GatewayError } from '../../core/errors.ts';
import { type JsonObject, parseJsonObject } from '../../core/json.ts';

/** Throws `upstream_broken` unless the body is a JSON object. `operation`: `ListAvailableProfiles`. */
export function parseResponse(body: string, operation: string): JsonObject {
  const value = parseJsonObject(body);
  if (value) return value;
  throw new GatewayError('upstream_broken', `The service returned an unexpected response to ${operation}.`);
}
