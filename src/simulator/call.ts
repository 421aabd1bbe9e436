/** One HTTP request as the handlers see it, and what they may answer. */
import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Chance } from './chance.ts';
import type { Host } from './hosts.ts';
import { type Flavour, Refused, validation } from './refusal.ts';
import type { Piece } from './reply.ts';

export interface Call {
  readonly number: number;
  /** `GenerateAssistantResponse`, `RegisterClient`, …; undefined: none we know. */
  readonly operation: string | undefined;
  /** Of the JSON flavour, the first half of x-amz-target; empty in REST. */
  readonly service: string;
  readonly flavour: Flavour;
  readonly method: string;
  /** Without `/host/…` or `/region/…`. */
  readonly path: string;
  /** As it was sent, for signatures. */
  readonly wirePath: string;
  /** Which host is meant; undefined: one that serves everything. */
  readonly host: Host | undefined;
  /** Which region's host was called; undefined: an address which doesn't say. */
  readonly region: string | undefined;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly rawBody: Buffer;
  readonly body: JsonValue | undefined;
  readonly chance: Chance;
  /** For a conversation to which the client has given no id. */
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

/** Members of a call, from the body or, in REST's GET operations, from the query. Throws Refused when it is no JSON. */
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
