/** What a route of the admin API is: its address, the schemas of what goes in and out, and what it does. */
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import type { AdminParts } from './parts.ts';

export interface AdminRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** `/v2/accounts/:id` */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly query: z.ZodObject | undefined;
  /** undefined: none is read. */
  readonly body: z.ZodObject | undefined;
  readonly bodyIsOptional: boolean;
  readonly status: 200 | 201;
  readonly answer: z.ZodType;
  /** Throws GatewayError; `invalid_request` names the field. */
  run(parts: AdminParts, raw: RawCall): Promise<unknown>;
}

interface RawCall {
  /** Of the path; empty where it has none. */
  readonly id: string;
  readonly query: unknown;
  readonly body: unknown;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
}

const NOTHING = z.strictObject({});
type Nothing = typeof NOTHING;

interface Definition<Query extends z.ZodObject, Body extends z.ZodObject, Answer extends z.ZodType> {
  readonly method: AdminRoute['method'];
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: Query;
  readonly body?: Body;
  readonly bodyIsOptional?: boolean;
  readonly status?: AdminRoute['status'];
  readonly answer: Answer;
  run(
    parts: AdminParts,
    call: { id: string; query: z.output<Query>; body: z.output<Body>; signal: AbortSignal },
  ): Promise<z.input<Answer>>;
}

export function defineRoute<
  Answer extends z.ZodType,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
>(definition: Definition<Query, Body, Answer>): AdminRoute {
  const { method, path, summary, description = '', query, body, bodyIsOptional = false, status = 200 } = definition;
  return {
    ...{ method, path, summary, description, query, body, bodyIsOptional, status },
    answer: definition.answer,
    async run(parts, raw) {
      // Absent schemas are `Nothing`, which reads as {}; the compiler cannot see that their type says the same.
      const readQuery = read(query ?? NOTHING, raw.query ?? {}) as z.output<Query>;
      const readBody = read(body ?? NOTHING, body ? raw.body : {}) as z.output<Body>;
      try {
        return await definition.run(parts, { id: raw.id, query: readQuery, body: readBody, signal: raw.signal });
      } catch (cause) {
        throw inOurWords(cause);
      }
    },
  };
}

/** As checks name them which read files of other programs too. */
const FIELDS = new Map([
  ['start_url', 'startUrl'],
  ['profile_arn', 'profileArn'],
  ['token_endpoint', 'tokenEndpoint'],
  ['account_id', 'accountId'],
]);

function inOurWords(cause: unknown): unknown {
  const param = cause instanceof GatewayError ? FIELDS.get(cause.param ?? '') : undefined;
  return cause instanceof GatewayError && param ? new GatewayError(cause.code, cause.message, { cause, param }) : cause;
}

/** Throws `invalid_request` naming the field and what it takes. */
function read<Shape extends z.ZodObject>(shape: Shape, value: unknown): z.output<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw issue ? refusalOf(issue, shape, value) : wrong('', 'The request is not of the expected shape.');
}

function refusalOf(issue: z.core.$ZodIssue, shape: z.ZodObject, value: unknown): GatewayError {
  const at = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = Object.keys(shape.shape).join(', ') || 'none';
    return wrong(key.slice(0, 100), `There is no field ${JSON.stringify(key.slice(0, 100))} here. Fields: ${known}.`);
  }
  if (at === '') return wrong('', 'The body must be a JSON object.');
  const isMissing = !(typeof value === 'object' && value !== null && String(issue.path[0]) in value);
  return wrong(
    at,
    isMissing ? `${at} is missing.` : `${at}: ${issue.message.replace(/^Invalid (?:input|option): /, '')}.`,
  );
}

function wrong(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, param === '' ? {} : { param });
}
