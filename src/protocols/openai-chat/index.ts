/** OpenAI's Chat Completions API: https://platform.openai.com/docs/api-reference/chat */
import type { ClientProtocol } from '../protocol.ts';
import { writeError } from './errors.ts';
import { parseRequest } from './parse.ts';
import { writeReplies } from './reply.ts';
import { createWriter, createWriters, KEEP_ALIVE } from './write.ts';

export const openaiChat: ClientProtocol = {
  id: 'openai-chat',
  path: '/v1/chat/completions',
  parseRequest,
  createWriter,
  writeReply: (reply, request, replyId) => writeReplies([reply], request, replyId),
  choices: { createWriters, writeReplies },
  writeError,
  keepAlive: KEEP_ALIVE,
  replyId: (random) => `chatcmpl-${random.slice(0, 24)}`,
};
