/** The API described for machines, /openapi.json: written from the schemas of the routes, which also check the requests. */
import { z } from 'zod';
import type { ListedRoute } from './route-list.ts';

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12: https://spec.openapis.org/oas/v3.1.0 */
export function describeApi(routes: readonly ListedRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}').replace('*', '{id}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'dragoman',
      version,
      description:
        'Your own Amazon Q Developer, CodeWhisperer or Kiro subscription, behind the OpenAI and Anthropic APIs. ' +
        'Every path also answers without /v1, with /v1/v1, and behind /openai or /anthropic.',
    },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        adminToken: { type: 'http', scheme: 'bearer', description: 'The admin token, for /v2.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'dragoman_session',
          description: 'From POST /v2/session. Requests that change something also need the header `x-dragoman-csrf`.',
        },
      },
    },
    paths,
  };
}

function describeOperation({ url, schema, bodyIsOptional }: ListedRoute): object {
  const { summary, tags, description, security, querystring, body, response } = schema;
  const parameters = [...describeQuery(querystring), ...describePath(url)];
  return {
    summary,
    tags,
    ...(description ? { description } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body instanceof z.ZodType
      ? { requestBody: { required: !bodyIsOptional, content: json(jsonSchema(body, 'input')) } }
      : {}),
    ...(security ? { security } : {}),
    responses: describeResponses(response),
  };
}

function describeQuery(query: unknown): object[] {
  if (!(query instanceof z.ZodObject)) return [];
  return Object.entries(query.shape).map(([name, shape]) => ({
    name,
    in: 'query',
    required: !shape.safeParse(undefined).success,
    schema: jsonSchema(shape, 'input'),
  }));
}

function describePath(url: string): object[] {
  const names = [...url.matchAll(/:(\w+)|\*/g)].map(([, name = 'id']) => name);
  return names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

/** Keys are statuses, or classes of them such as `4xx`. */
function describeResponses(response: unknown): object {
  const described = Object.entries(Object(response)).map(([status, shape]) => {
    if (!(shape instanceof z.ZodType)) throw new Error(`The response ${status} of a route has no zod schema.`);
    return [
      status.toUpperCase(),
      { description: shape.description ?? 'Success.', content: json(jsonSchema(shape, 'output')) },
    ];
  });
  return Object.fromEntries(described);
}

function json(schema: object): object {
  return { 'application/json': { schema } };
}

function jsonSchema(shape: z.core.$ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return schema;
}

/** Any key of the gateway; in local mode none. */
export const CLIENT_SECURITY = [{ bearer: [] }, { apiKey: [] }, {}];

export const CLIENT_ERRORS = {
  '4xx': z.looseObject({}).describe("A fault of the request, in this API's error format."),
  '5xx': z.looseObject({}).describe('Not the fault of the request; `retry-after` says when to try again.'),
};
