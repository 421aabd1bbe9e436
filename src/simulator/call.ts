/** An HTTP request as the handlers see it, and their possible responses. */
import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Chance } from './chance.ts';
import type { Host } from './hosts.ts';
import { type Flavour, Refused, validation } from './refusal.ts';
import type { Piece } from './reply.ts';

export interface Call {
  readonly number: number;
  /** `GenerateAssistantResponse`, `RegisterClient`, …; undefined if unknown. */
  readonly operation: string | undefined;
  /** The first half of x-amz-target in JSON 1.0; empty in REST. */
  readonly service: string;
  readonly flavour: Flavour;
  readonly method: string;
  /** The path without `/host/…` or `/region/…`. */
  readonly path: string;
  /** The path as sent, for signatures. */
  readonly wirePath: string;
  /** The target host; undefined for one that serves everything. */
  readonly host: Host | undefined;
  /** The target region; undefined if the address does not name it. */
  readonly region: string | undefined;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly rawBody: Buffer;
  readonly body: JsonValue | undefined;
  readonly chance: Chance;
  /** The id for a conversation without an id from the client. */
  readonly conversationId: string;
}

export type Answer =
  | {
      readonly type: 'json';
      readonly status?: number;
      readonly headers?: Record<string, string>;
      readonly body: JsonValue;
    }
  | { readonly type: 'page'; readonly status?: number; readonly html: string }
  | { readonly type: 'redirect'; readonly location: string }
  | { readonly type: 'stream'; readonly headers: Record<string, string>; readonly pieces: Iterable<Piece> };

export type Handler = (call: Call) => Answer;

export function json(body: JsonValue, headers?: Record<string, string>): Answer {
  return { type: 'json', body, ...(headers ? { headers } : {}) };
}

/** The members of a call, from the body or, for GET operations, the query. Throws Refused for invalid JSON. */
export function membersOf(call: Call): JsonObject {
  if (call.method === 'GET') return Object.fromEntries(call.query);
  if (call.rawBody.length === 0) return {};
  if (isJsonObject(call.body)) return call.body;
  throw new Refused(validation('Improperly formed request.', 'REQUEST_BODY_INVALID_JSON'), 'body-json', '$');
}

export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function headerOf(call: Pick<Call, 'headers'>, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
