/** Zod schemas for Fastify's routes: they check the request and give handlers its types. */
import type { FastifySchemaCompiler, FastifyServerOptions, FastifyTypeProvider } from 'fastify';
import type { z } from 'zod';
import { GatewayError } from '../core/errors.ts';

/** For `app.withTypeProvider`. */
export interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

/** The error is a GatewayError `invalid_request` that names the field. */
export const zodValidator: FastifySchemaCompiler<z.ZodObject> = ({ schema }) => {
  return (value) => {
    const result = schema.safeParse(value);
    return result.success ? { value: result.data } : { error: toRefusal(result.error.issues[0], schema, value) };
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
