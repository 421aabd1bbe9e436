/** The admin API for the reference: parameters, bodies and answers from the very schemas which check them. */
import { z } from 'zod';
import { adminError } from './contract/error.ts';
import { ADMIN_ROUTES } from './routes.ts';

/** What the OpenAPI description says of this route; undefined: it is none of the admin API's. */
export function describeAdmin(method: string, path: string): Readonly<Record<string, unknown>> | undefined {
  const route = ADMIN_ROUTES.find((candidate) => candidate.method === method && candidate.path === path);
  if (!route) return undefined;
  const { query, body, answer, status } = route;
  const name = /:(\w+)/.exec(path)?.[1];
  return {
    ...(name === undefined ? {} : { params: { type: 'object', properties: { [name]: { type: 'string' } } } }),
    ...(query ? { querystring: jsonSchema(query, 'input') } : {}),
    ...(body ? { body: jsonSchema(body, 'input') } : {}),
    response: {
      [status]: { description: 'Done.', ...jsonSchema(answer, 'output') },
      '4xx': { description: 'Refused: what is wrong, and in which field.', ...jsonSchema(adminError, 'output') },
      '5xx': { description: 'Not the fault of the request.', ...jsonSchema(adminError, 'output') },
    },
  };
}

function jsonSchema(shape: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return schema;
}
