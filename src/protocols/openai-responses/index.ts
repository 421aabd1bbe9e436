/** OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses */
import type { Clock } from '../../core/clock.ts';
import type { Steps } from '../../core/steps.ts';
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
  parseRequest(body: unknown, context: RequestContext, past?: Past): Steps<ParsedRequest>;
  /** Without a clock, a response is completed in the second in which it was requested. */
  createWriter(request: ParsedRequest, replyId: string, clock?: Pick<Clock, 'now'>): ResponseWriter;
}

export const openaiResponses: ResponsesProtocol = {
  id: 'openai-responses',
  path: '/v1/responses',
  parseRequest,
  createWriter,
  writeReply(reply, request, replyId) {
    const writer = createWriter(request, replyId);
    replayInto(writer, reply);
    return writer.shown;
  },
  writeError,
  keepAlive: KEEP_ALIVE,
  replyId: responseId,
};

function createWriter(
  request: ParsedRequest,
  replyId: string,
  clock: Pick<Clock, 'now'> = { now: () => request.createdAtS * 1000 },
): ResponseWriter {
  return new ResponseWriter(request, replyId, clock);
}
