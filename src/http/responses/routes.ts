/** What the routes of OpenAI's Responses API do. */
import type { FastifyInstance } from 'fastify';
import { openaiResponses } from '../../protocols/openai-responses/index.ts';
import type { ResponsesOperation } from '../../protocols/protocol.ts';
import { compact, countInputTokens } from './compact.ts';
import { createResponse } from './create.ts';
import { cancelResponse, deleteResponse, fetchResponse, listInputItems } from './fetch.ts';
import type { ResponsesCall } from './ports.ts';

/** Each rejects with the error for the client. */
export const RESPONSES_HANDLERS: Readonly<Record<ResponsesOperation, (call: ResponsesCall) => Promise<void>>> = {
  'create-response': createResponse,
  'compact-response': compact,
  'count-response-tokens': countInputTokens,
  'get-response': fetchResponse,
  'delete-response': deleteResponse,
  'cancel-response': cancelResponse,
  'list-response-input': listInputItems,
};

/** Codex tries a WebSocket at the path where responses are created. This status makes it continue over HTTP silently. */
const UPGRADE_REQUIRED = 426;

export function refuseWebSockets(app: FastifyInstance, path: string): void {
  app.get(path, { config: { unlisted: true, errors: openaiResponses } }, async (request, reply) => {
    if (request.headers.upgrade === undefined) return reply.callNotFound();
    const message = 'This gateway does not support WebSocket here. Use HTTP.';
    const body = { error: { message, type: 'invalid_request_error', param: null, code: null } };
    return reply.code(UPGRADE_REQUIRED).headers({ upgrade: 'HTTP/1.1', connection: 'upgrade' }).send(body);
  });
}
