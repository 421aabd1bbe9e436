/** OpenAI's Chat Completions API: https://platform.openai.com/docs/api-reference/chat */
import { z } from 'zod';
import { writeRateLimits } from '../openai-rate-limits.ts';
import type { ClientProtocol } from '../protocol.ts';
import { writeError } from './errors.ts';
import { type Echo, parseRequest } from './parse.ts';
import { writeReplies } from './reply.ts';
import { requestShape } from './wire.ts';
import { createWriter, createWriters, KEEP_ALIVE } from './write.ts';

export const openaiChat = {
  id: 'openai-chat',
  vendor: 'openai',
  tag: 'OpenAI',
  responseHeaders: { 'openai-version': '2020-10-01' },
  routes: [
    {
      operation: 'reply',
      method: 'POST',
      path: '/v1/chat/completions',
      summary: 'Chat Completions',
      description:
        'As https://platform.openai.com/docs/api-reference/chat. With `stream: true` server-sent events. Images and ' +
        'files come as data URLs or by public address. `web_search_options` lets the model search the web.',
      body: requestShape,
      example: { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Say hello in five languages.' }] },
      answer: z.looseObject({}).describe('A chat completion, or a stream of chunks.'),
    },
  ],
  parseRequest,
  createWriter,
  writeReply: (reply, request, replyId) => writeReplies([reply], request, replyId),
  choices: { createWriters, writeReplies },
  writeError,
  writeRateLimits,
  keepAlive: KEEP_ALIVE,
  replyId: (random: string) => `chatcmpl-${random.slice(0, 24)}`,
} satisfies ClientProtocol<Echo>;
