/** The API described for machines, /openapi.json: written from the schemas of the routes, which also check the requests. */
import { z } from 'zod';
import { describeTags, tagsOf } from './openapi-tags.ts';
import type { ListedRoute } from './route-list.ts';
import { zodSchema } from './validation.ts';

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12: https://spec.openapis.org/oas/v3.1.0 */
export function describeApi(routes: readonly ListedRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}').replace('*', '{id}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeOperation(route) };
  }
  const tags = new Set(routes.flatMap(({ url, schema }) => tagsOf(url, schema.tags)));
  return {
    openapi: '3.1.0',
    // The gateway that serves the document, so that examples can be copied and run.
    servers: [{ url: '/' }],
    info: {
      title: 'dragoman',
      version,
      description:
        'Your own Amazon Q Developer, CodeWhisperer or Kiro subscription, behind the OpenAI and Anthropic APIs. ' +
        'Every path also answers without /v1, with /v1/v1, and behind /openai or /anthropic.',
    },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key of this gateway; any text in local mode.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same, as in Anthropic clients.' },
        adminToken: { type: 'http', scheme: 'bearer', description: 'The admin token, for /v2.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'dragoman_session',
          description: 'From POST /v2/session. Requests that change something also need the header `x-dragoman-csrf`.',
        },
      },
    },
    ...describeTags(tags),
    paths,
  };
}

function describeOperation({ method, url, schema, bodyIsOptional }: ListedRoute): object {
  const { summary, tags, description, security, example, response } = schema;
  const body = zodSchema(schema.body);
  const parameters = [...describeQuery(zodSchema(schema.querystring)), ...describePath(url)];
  return {
    operationId: operationId(method, url),
    summary,
    tags: tagsOf(url, tags),
    ...(description ? { description } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body ? { requestBody: { required: !bodyIsOptional, content: json(jsonSchema(body, 'input'), example) } } : {}),
    ...(security ? { security } : {}),
    responses: describeResponses(response),
  };
}

/** `postV1ChatCompletions`; unique, since a path is declared once for a method. */
function operationId(method: string, url: string): string {
  const words = url.replace('*', 'id').match(/\w+/g) ?? [];
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function describeQuery(query: z.ZodType | undefined): object[] {
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
  const described = Object.entries(Object(response)).map(([status, schema]) => {
    const shape = zodSchema(schema);
    if (!shape) throw new Error(`The response ${status} of a route has no zod schema.`);
    return [
      status.toUpperCase(),
      { description: shape.description ?? 'Success.', content: json(jsonSchema(shape, 'output')) },
    ];
  });
  return Object.fromEntries(described);
}

function json(schema: object, example?: unknown): object {
  return { 'application/json': { schema, ...(example === undefined ? {} : { example }) } };
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
