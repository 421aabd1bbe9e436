/** OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses */
import type { ClientProtocol, ParsedRequest, RequestContext } from '../protocol.ts';
import { writeError } from './errors.ts';
import { parseCompact, parseRequest } from './parse.ts';
import { type Past, responseId } from './past.ts';
import { replayInto } from './replay.ts';
import { KEEP_ALIVE, ResponseWriter } from './write.ts';

export { inputItems } from './input-items.ts';
export { showResponse, wantsEncrypted } from './output-items.ts';
export { namedBy, type Past, responseOfItem } from './past.ts';
export { echoOf } from './response.ts';
export { KEEP_ALIVE, parseCompact, type ResponseWriter, replayInto };

/** This API's requests may name what went before; whoever has it hands it in. */
export interface ResponsesProtocol extends ClientProtocol {
  parseRequest(body: unknown, context: RequestContext, past?: Past): ParsedRequest;
  createWriter(request: ParsedRequest, replyId: string): ResponseWriter;
}

export const openaiResponses: ResponsesProtocol = {
  id: 'openai-responses',
  path: '/v1/responses',
  parseRequest,
  createWriter: (request, replyId) => new ResponseWriter(request, replyId),
  writeReply(reply, request, replyId) {
    const writer = new ResponseWriter(request, replyId);
    replayInto(writer, reply);
    return writer.shown;
  },
  writeError,
  keepAlive: KEEP_ALIVE,
  replyId: responseId,
};
