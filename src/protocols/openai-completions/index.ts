/**
 * OpenAI's legacy Completions API, https://platform.openai.com/docs/api-reference/completions, and Mistral's API for
 * code at the cursor, which editors call: https://docs.mistral.ai/api/#tag/fim
 */
import { z } from 'zod';
import { sseComment } from '../../framing/sse.ts';
import { writeRateLimits } from '../openai-rate-limits.ts';
import type { ClientProtocol } from '../protocol.ts';
import { writeError } from './errors.ts';
import { type Echo, parseFim, parseRequest } from './parse.ts';
import { writeReplies } from './reply.ts';
import { requestShape } from './wire.ts';
import { createWriter, createWriters } from './write.ts';

export const openaiCompletions = {
  id: 'openai-completions',
  vendor: 'openai',
  tag: 'OpenAI',
  responseHeaders: { 'openai-version': '2020-10-01' },
  routes: [
    {
      operation: 'reply',
      method: 'POST',
      path: '/v1/completions',
      summary: 'Completions: code at the cursor, or a prompt',
      description:
        'As https://platform.openai.com/docs/api-reference/completions. A request with `suffix`, with the markers of a ' +
        "code model in the prompt, or with `input_prefix` and `input_suffix` goes to the service's inline completion. " +
        'Any other prompt is answered as a chat. `filename` or `language` say what kind of code it is.',
      body: requestShape,
      example: {
        model: 'claude-sonnet-4.5',
        prompt: 'def add(a, b):\n    ',
        suffix: '\n\nprint(add(2, 3))\n',
        language: 'python',
      },
      answer: z.looseObject({}).describe('A text completion, or a stream of chunks.'),
    },
    {
      operation: 'reply',
      method: 'POST',
      path: '/v1/fim/completions',
      summary: 'Code at the cursor, in the form editors expect',
      description:
        'For editors that expect chat-shaped answers (Mistral, Continue, Codestral clients): the text stands in ' +
        '`message.content` or `delta.content`, and in `text`.',
      body: requestShape,
      example: { model: 'claude-sonnet-4.5', prompt: 'def add(a, b):\n    ', suffix: '\n\nprint(add(2, 3))\n' },
      answer: z.looseObject({}).describe('A completion, or a stream of chunks.'),
      parse: parseFim,
    },
  ],
  parseRequest,
  createWriter,
  writeReply: (reply, request, replyId) => writeReplies([reply], request, replyId),
  choices: { createWriters, writeReplies },
  writeError,
  writeRateLimits,
  keepAlive: sseComment('keep-alive'),
  replyId: (random: string) => `cmpl-${random.slice(0, 24)}`,
} satisfies ClientProtocol<Echo>;
