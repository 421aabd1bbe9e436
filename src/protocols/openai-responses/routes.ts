/** The routes of the Responses API. What they do with stored responses is in http/responses. */
import { z } from 'zod';
import type { ProtocolRoute } from '../protocol.ts';
import type { Echo } from './parse.ts';
import { compactShape, requestShape } from './wire.ts';

const response = z.looseObject({});

export const ROUTES: readonly ProtocolRoute<Echo>[] = [
  {
    operation: 'create-response',
    method: 'POST',
    path: '/v1/responses',
    summary: 'Responses',
    description:
      'As https://platform.openai.com/docs/api-reference/responses. With `stream: true` server-sent events; with ' +
      '`background: true` the answer comes at once and the response is made afterwards. Stored unless `store` is false, ' +
      'for the same key.',
    body: requestShape,
    example: { model: 'claude-sonnet-4.5', input: 'Say hello in five languages.' },
    answer: response.describe('A response, or a stream of events.'),
  },
  {
    operation: 'compact-response',
    method: 'POST',
    path: '/v1/responses/compact',
    summary: 'Compact a conversation',
    description: "The user's messages, and one opaque item that stands for everything else in later requests.",
    body: compactShape,
    example: { model: 'claude-sonnet-4.5', input: [{ role: 'user', content: 'Say hello in five languages.' }] },
    answer: response.describe('The items that replace the conversation.'),
  },
  {
    operation: 'count-response-tokens',
    method: 'POST',
    path: '/v1/responses/input_tokens',
    summary: 'How many input tokens a response has',
    description: 'An estimate made here, without a request to the service.',
    body: requestShape,
    example: { model: 'claude-sonnet-4.5', input: 'Say hello in five languages.' },
    answer: z.looseObject({ input_tokens: z.int() }).describe('The estimate.'),
  },
  {
    operation: 'get-response',
    method: 'GET',
    path: '/v1/responses/:id',
    summary: 'A stored response',
    description:
      'With `stream=true` the events of a response that was made in the background and streamed, future ones included.',
    query: z.object({
      stream: z.boolean().optional(),
      starting_after: z.int().optional().describe('Sequence number of the last event already received.'),
      include: z.array(z.string()).optional(),
    }),
    answer: response.describe('The response as it is now, or a stream of events.'),
  },
  {
    operation: 'delete-response',
    method: 'DELETE',
    path: '/v1/responses/:id',
    summary: 'Delete a response',
    answer: response.describe('The response is deleted.'),
  },
  {
    operation: 'cancel-response',
    method: 'POST',
    path: '/v1/responses/:id/cancel',
    summary: 'Cancel a response that is made in the background',
    answer: response.describe('The response as far as it got.'),
  },
  {
    operation: 'list-response-input',
    method: 'GET',
    path: '/v1/responses/:id/input_items',
    summary: 'The input of a response',
    query: z.object({
      limit: z.int().optional(),
      order: z.enum(['asc', 'desc']).optional(),
      after: z.string().optional(),
    }),
    answer: response.describe('The items.'),
  },
];
