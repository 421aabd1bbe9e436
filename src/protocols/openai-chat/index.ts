/** OpenAI's Chat Completions API: https://platform.openai.com/docs/api-reference/chat */
import type { ClientProtocol } from '../protocol.ts';
import { writeError } from './errors.ts';
import { parseRequest } from './parse.ts';
import { writeReply } from './reply.ts';
import { createWriter, KEEP_ALIVE } from './write.ts';

export const openaiChat: ClientProtocol = {
  id: 'openai-chat',
  path: '/v1/chat/completions',
  parseRequest,
  createWriter,
  writeReply,
  writeError,
  keepAlive: KEEP_ALIVE,
  replyId: (random) => `chatcmpl-${random.slice(0, 24)}`,
};
