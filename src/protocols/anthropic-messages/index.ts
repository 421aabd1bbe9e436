/** Anthropic's Messages API: https://docs.anthropic.com/en/api/messages */
import type { ClientProtocol } from '../protocol.ts';
import { writeError } from './errors.ts';
import { parseRequest } from './parse.ts';
import { writeReply } from './reply.ts';
import { createWriter, PING } from './write.ts';

export { FIELD_SUPPORT } from './fields.ts';
export { parseCountTokens } from './parse.ts';

export const anthropicMessages: ClientProtocol = {
  id: 'anthropic-messages',
  path: '/v1/messages',
  parseRequest,
  createWriter,
  writeReply,
  writeError,
  keepAlive: PING,
  replyId: (random) => `msg_${random.slice(0, 24)}`,
};
