/**
 * OpenAI's legacy Completions API, https://platform.openai.com/docs/api-reference/completions, and its sibling for code
 * at the cursor, as Mistral's API has it and editors call it: https://docs.mistral.ai/api/#tag/fim
 */
import { sseComment } from '../../framing/sse.ts';
import type { ClientProtocol } from '../protocol.ts';
import { writeError } from './errors.ts';
import { parseCompletion, parseFim, parseRequest } from './parse.ts';
import { writeReplies } from './reply.ts';
import { createWriter, createWriters } from './write.ts';

export const openaiCompletions: ClientProtocol = {
  id: 'openai-completions',
  path: '/v1/completions',
  parseRequest,
  parseCompletion,
  createWriter,
  writeReply: (reply, request, replyId) => writeReplies([reply], request, replyId),
  choices: { createWriters, writeReplies },
  writeError,
  keepAlive: sseComment('keep-alive'),
  replyId: (random) => `cmpl-${random.slice(0, 24)}`,
};

/** Every request is about code: `parseRequest` is never asked. */
export const openaiFim: ClientProtocol = {
  ...openaiCompletions,
  id: 'openai-fim',
  path: '/v1/fim/completions',
  parseCompletion: parseFim,
};
