/** Anthropic's Messages API: https://docs.anthropic.com/en/api/messages */
import { z } from 'zod';
import type { ClientProtocol } from '../protocol.ts';
import { writeError } from './errors.ts';
import { type Echo, parseCountTokens, parseRequest } from './parse.ts';
import { writeRateLimits } from './rate-limits.ts';
import { writeReply } from './reply.ts';
import { requestShape } from './wire.ts';
import { createWriter, PING } from './write.ts';

export { FIELD_SUPPORT } from './fields.ts';
export { parseCountTokens } from './parse.ts';

export const anthropicMessages = {
  id: 'anthropic-messages',
  vendor: 'anthropic',
  tag: 'Anthropic',
  clientHeader: 'anthropic-version',
  routes: [
    {
      operation: 'reply',
      method: 'POST',
      path: '/v1/messages',
      summary: 'Messages',
      description:
        'As https://docs.anthropic.com/en/api/messages. With `stream: true` server-sent events. Images and documents ' +
        '(PDF, Word, Excel, CSV, HTML, text) come as base64 or by public address. The tool `web_search_20250305` is run ' +
        'here.',
      body: requestShape,
      example: {
        model: 'claude-sonnet-4.5',
        max_tokens: 1000,
        messages: [{ role: 'user', content: 'Say hello in five languages.' }],
      },
      answer: z.looseObject({}).describe('A message, or a stream of events.'),
    },
    {
      operation: 'count-tokens',
      method: 'POST',
      path: '/v1/messages/count_tokens',
      summary: 'How many input tokens a message has',
      description: 'An estimate made here, without a request to the service.',
      body: requestShape,
      example: { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Say hello in five languages.' }] },
      answer: z.looseObject({ input_tokens: z.int() }).describe('The estimate.'),
      parse: parseCountTokens,
      writeCount: (inputTokens: number) => ({ input_tokens: inputTokens }),
    },
  ],
  parseRequest,
  createWriter,
  writeReply,
  writeError,
  writeRateLimits,
  keepAlive: PING,
  replyId: (random: string) => `msg_${random.slice(0, 24)}`,
} satisfies ClientProtocol<Echo>;
