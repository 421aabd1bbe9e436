/** Zod schemas for Fastify's routes: they check the request and give handlers its types. */
import type { FastifySchemaCompiler, FastifyServerOptions, FastifyTypeProvider } from 'fastify';
import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';

/** What a route has as a schema: most are built when a request or the API reference first needs them. */
export type RouteSchema<Shape extends z.ZodType = z.ZodType> = Shape | (() => Shape);

type Built<Schema> = Schema extends RouteSchema<infer Shape> ? Shape : never;

/** For `app.withTypeProvider`. */
export interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends RouteSchema ? z.output<Built<this['schema']>> : unknown;
  readonly serializer: this['schema'] extends RouteSchema ? z.input<Built<this['schema']>> : unknown;
}

/** The schema of a route, which Fastify does not type; undefined if it is not one of zod. */
export function zodSchema(schema: unknown): z.ZodType | undefined {
  const built: unknown = typeof schema === 'function' ? schema() : schema;
  return built instanceof z.ZodType ? built : undefined;
}

/** The error is a GatewayError `invalid_request` that names the field. */
export const zodValidator: FastifySchemaCompiler<RouteSchema<z.ZodObject>> = ({ schema }) => {
  return (value) => {
    const shape = typeof schema === 'function' ? schema() : schema;
    const result = shape.safeParse(value);
    return result.success ? { value: result.data } : { error: toRefusal(result.error.issues[0], shape, value) };
  };
};

/** For routes whose protocol checks the request itself: their schemas only describe. */
export const WITHOUT_VALIDATION = { validatorCompiler: () => () => true };

/**
 * Without factories of our own, Fastify loads Ajv and a serializer generator at startup. Every validator is one of the
 * above. Responses are serialized as they are: the compiler checks their types, and the tests check them against the schema.
 */
export const SCHEMA_CONTROLLER: NonNullable<FastifyServerOptions['schemaController']> = {
  compilersFactory: {
    buildValidator: () => {
      throw new Error('Every route has a validator compiler.');
    },
    buildSerializer: () => () => JSON.stringify,
  },
};

function toRefusal(issue: z.core.$ZodIssue | undefined, shape: z.ZodObject, value: unknown): GatewayError {
  if (!issue) return refusal('', 'The request does not have the expected shape.');
  const at = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = Object.keys(shape.shape).join(', ') || 'none';
    return refusal(key.slice(0, 100), `There is no field ${JSON.stringify(key.slice(0, 100))} here. Fields: ${known}.`);
  }
  if (at === '') return refusal('', 'The body must be a JSON object.');
  const isMissing = !(typeof value === 'object' && value !== null && String(issue.path[0]) in value);
  if (isMissing) return refusal(at, `${at} is missing.`);
  return refusal(at, `${at}: ${issue.message.replace(/^Invalid (?:input|option): /, '')}.`);
}

function refusal(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, param === '' ? {} : { param });
}
