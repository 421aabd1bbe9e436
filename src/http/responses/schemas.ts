/** The routes of the Responses API described for machines, by method and path. */
import { type Described, ERRORS, object, SECURITY } from '../openapi.ts';

const SHARED = { tags: ['OpenAI'], security: SECURITY };
const ID = { params: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } };

export const RESPONSES_SCHEMAS: Readonly<Record<string, Described>> = {
  'POST /v1/responses': {
    ...SHARED,
    summary: 'Responses',
    description:
      'As https://platform.openai.com/docs/api-reference/responses. With `stream: true` server-sent events; with ' +
      '`background: true` answered at once and made while nobody waits. Stored unless `store` is false, for the same key.',
    response: { 200: object('A response, or a stream of events.'), ...ERRORS },
  },
  'POST /v1/responses/compact': {
    ...SHARED,
    summary: 'A conversation made short',
    description: "The user's messages, and one opaque item which stands for everything else in later requests.",
    response: { 200: object('The items which replace the conversation.'), ...ERRORS },
  },
  'POST /v1/responses/input_tokens': {
    ...SHARED,
    summary: 'How many input tokens a response has',
    description: 'An estimate made here; the service is not asked.',
    response: { 200: object('The estimate.', { input_tokens: { type: 'integer' } }), ...ERRORS },
  },
  'GET /v1/responses/:id': {
    ...SHARED,
    ...ID,
    summary: 'A stored response',
    description: 'With `stream=true` the events of one which was made in the background and streamed, also later ones.',
    querystring: {
      type: 'object',
      properties: {
        stream: { type: 'boolean' },
        starting_after: { type: 'integer', description: 'Sequence number of the last event which is known already.' },
        include: { type: 'array', items: { type: 'string' } },
      },
    },
    response: { 200: object('The response as it is now, or a stream of events.'), ...ERRORS },
  },
  'DELETE /v1/responses/:id': {
    ...SHARED,
    ...ID,
    summary: 'Forget a response',
    response: { 200: object('It is forgotten.'), ...ERRORS },
  },
  'POST /v1/responses/:id/cancel': {
    ...SHARED,
    ...ID,
    summary: 'Call off a response which is made in the background',
    response: { 200: object('The response as far as it came.'), ...ERRORS },
  },
  'GET /v1/responses/:id/input_items': {
    ...SHARED,
    ...ID,
    summary: 'What a response was asked',
    querystring: {
      type: 'object',
      properties: {
        limit: { type: 'integer' },
        order: { type: 'string', enum: ['asc', 'desc'] },
        after: { type: 'string' },
      },
    },
    response: { 200: object('The items.'), ...ERRORS },
  },
};
