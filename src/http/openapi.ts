/** The API described for machines: /openapi.json. Bodies come from the very schemas which check them. */
import Fastify, { type FastifyInstance, type FastifySchema, type RouteOptions } from 'fastify';
import { z } from 'zod';
import type { JsonValue } from '../core/json.ts';
import { requestShape as messagesShape } from '../protocols/anthropic-messages/wire.ts';
import { requestShape as chatShape } from '../protocols/openai-chat/wire.ts';
import { requestShape as completionsShape } from '../protocols/openai-completions/wire.ts';
import { compactShape, requestShape as responsesShape } from '../protocols/openai-responses/wire.ts';
import { describeAdmin } from './admin/describe.ts';

/**
 * Notes every route that is registered from here on. The description itself is made when somebody first asks for it:
 * the libraries for that take longer to load than a start should.
 */
export function describeApi(app: FastifyInstance, version: string): () => Promise<object> {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    if (route.schema && !HIDDEN_METHODS.has(String(route.method))) routes.push(route);
  });
  let description: Promise<object> | undefined;
  return () => {
    description ??= describe(routes, version);
    return description;
  };
}

const HIDDEN_METHODS = new Set(['HEAD', 'OPTIONS']);

/** On a server of its own, which never listens. */
async function describe(routes: readonly RouteOptions[], version: string): Promise<object> {
  const { default: fastifySwagger } = await import('@fastify/swagger');
  const app = Fastify({ logger: false, ...WITHOUT_VALIDATION });
  await app.register(fastifySwagger, {
    openapi: {
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
        },
      },
    },
    transform: ({ schema, url, route }) => ({
      schema: { ...schema, ...bodyOf(url), ...describeAdmin(String(route.method), url) },
      url: url.replace('*', '{id}'),
    }),
  });
  for (const { method, url, schema } of routes) {
    app.route({ method, url, handler: async () => undefined, ...(schema ? { schema } : {}) });
  }
  await app.ready();
  return app.swagger();
}

/** Schemas only describe: bodies are checked by the protocols. It also spares loading a validator. */
export const WITHOUT_VALIDATION = {
  schemaController: {
    compilersFactory: {
      // Fastify's types know only Ajv's own functions here; any function from a schema to a check will do.
      buildValidator: (() => () => () => true) as never,
      buildSerializer: () => () => JSON.stringify,
    },
  },
};

function bodyOf(url: string): { body?: unknown } {
  const shape = BODIES[url];
  return shape ? { body: z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' }) } : {};
}

const BODIES: Readonly<Record<string, z.ZodType>> = {
  '/v1/chat/completions': chatShape,
  '/v1/completions': completionsShape,
  '/v1/fim/completions': completionsShape,
  '/v1/responses': responsesShape,
  '/v1/responses/compact': compactShape,
  '/v1/responses/input_tokens': responsesShape,
  '/v1/messages': messagesShape,
  '/v1/messages/count_tokens': messagesShape,
};

export type Described = FastifySchema & { readonly hide?: boolean };

export const SECURITY = [{ bearer: [] }, { apiKey: [] }, {}];

export const ERRORS = {
  '4xx': {
    description: "The request's own fault, in the error shape of this API.",
    type: 'object',
    additionalProperties: true,
  },
  '5xx': {
    description: 'Not the fault of the request; `retry-after` says when to try again.',
    type: 'object',
    additionalProperties: true,
  },
};

export const SCHEMAS: Readonly<Record<string, Described>> = {
  '/v1/chat/completions': {
    tags: ['OpenAI'],
    summary: 'Chat Completions',
    description:
      'As https://platform.openai.com/docs/api-reference/chat. With `stream: true` server-sent events. Images and files ' +
      'come as data URLs or by public address. `web_search_options` lets the model search the web.',
    security: SECURITY,
    response: { 200: object('A chat completion, or a stream of chunks.'), ...ERRORS },
  },
  '/v1/completions': {
    tags: ['OpenAI'],
    summary: 'Completions: code at the cursor, or a prompt',
    description:
      'As https://platform.openai.com/docs/api-reference/completions. With `suffix`, with the markers of a code model ' +
      'in the prompt, or with `input_prefix` and `input_suffix`, the code between is asked of the inline completion of ' +
      'the service. Without them the prompt is answered as a chat. `filename` or `language` say what kind of code it is.',
    security: SECURITY,
    response: { 200: object('A text completion, or a stream of chunks.'), ...ERRORS },
  },
  '/v1/fim/completions': {
    tags: ['OpenAI'],
    summary: 'Code at the cursor, as editors ask for it',
    description:
      'The same for editors which expect chat-shaped answers (Mistral, Continue, Codestral clients): the text stands in ' +
      '`message.content` or `delta.content`, and in `text`.',
    security: SECURITY,
    response: { 200: object('A completion, or a stream of chunks.'), ...ERRORS },
  },
  '/v1/messages': {
    tags: ['Anthropic'],
    summary: 'Messages',
    description:
      'As https://docs.anthropic.com/en/api/messages. With `stream: true` server-sent events. Images and documents (PDF, ' +
      'Word, Excel, CSV, HTML, text) come as base64 or by public address. The tool `web_search_20250305` is run here.',
    security: SECURITY,
    response: { 200: object('A message, or a stream of events.'), ...ERRORS },
  },
  '/v1/messages/count_tokens': {
    tags: ['Anthropic'],
    summary: 'How many input tokens a message has',
    description: 'An estimate made here; the service is not asked.',
    security: SECURITY,
    response: { 200: object('The estimate.', { input_tokens: { type: 'integer' } }), ...ERRORS },
  },
  '/v1/models': {
    tags: ['OpenAI', 'Anthropic'],
    summary: 'The live catalogue',
    description:
      "One list whose objects have the members of OpenAI's and Anthropic's APIs together. With `client_version`, which Codex " +
      "sends, the answer also has Codex's own list, `models`.",
    security: SECURITY,
    querystring: {
      type: 'object',
      properties: {
        limit: { type: 'integer' },
        before_id: { type: 'string' },
        after_id: { type: 'string' },
        client_version: { type: 'string' },
      },
    },
    response: { 200: object('The models.'), ...ERRORS },
  },
  '/v1/models/*': {
    tags: ['OpenAI', 'Anthropic'],
    summary: 'One model',
    security: SECURITY,
    params: { type: 'object', properties: { '*': { type: 'string' } } },
    response: { 200: object('The model.'), ...ERRORS },
  },
  '/health': {
    tags: ['Operation'],
    summary: 'Whether the gateway lives',
    response: {
      200: object('It does.', {
        status: { type: 'string', const: 'healthy' },
        has_token: { type: 'boolean' },
        token_expired: { type: 'boolean' },
        accounts: { type: 'object', properties: { ready: { type: 'integer' }, total: { type: 'integer' } } },
      }),
    },
  },
  '/readyz': {
    tags: ['Operation'],
    summary: 'Whether an account is ready and the store can be written',
    response: { 200: object('Both.'), 503: object('One of them is not.') },
  },
};

export function object(description: string, properties: Readonly<Record<string, JsonValue>> = {}) {
  return { description, type: 'object', properties, additionalProperties: true };
}
