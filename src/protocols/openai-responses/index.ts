/** OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses */
import type { Clock } from '../../core/clock.ts';
import type { Reply } from '../../core/collect.ts';
import { writeRateLimits } from '../openai-rate-limits.ts';
import type { AnswerableRequest, ClientProtocol } from '../protocol.ts';
import { writeError } from './errors.ts';
import { type Echo, parseCompact, parseRequest } from './parse.ts';
import { responseId } from './past.ts';
import { replayInto } from './replay.ts';
import { ROUTES } from './routes.ts';
import { KEEP_ALIVE, ResponseWriter } from './write.ts';

export { inputItems } from './input-items.ts';
export { interrupted } from './interrupted.ts';
export { showResponse, wantsEncrypted } from './output-items.ts';
export { namedBy, type Past, responseOfItem } from './past.ts';
export { type Echo, KEEP_ALIVE, parseCompact, type ResponseWriter, replayInto };

/** Requests of this API may name earlier responses: `parseRequest` takes what they left behind as a third argument. */
export const openaiResponses = {
  id: 'openai-responses',
  vendor: 'openai',
  tag: 'OpenAI',
  responseHeaders: { 'openai-version': '2020-10-01' },
  routes: ROUTES,
  parseRequest,
  createWriter,
  writeReply(reply: Reply, request: AnswerableRequest<Echo>, replyId: string) {
    const writer = createWriter(request, replyId);
    replayInto(writer, reply);
    return writer.shown;
  },
  writeError,
  writeRateLimits,
  keepAlive: KEEP_ALIVE,
  replyId: responseId,
} satisfies ClientProtocol<Echo>;

/** Without a clock, a response is completed in the second of its request. */
function createWriter(
  request: AnswerableRequest<Echo>,
  replyId: string,
  clock: Pick<Clock, 'now'> = { now: () => request.createdAtS * 1000 },
): ResponseWriter {
  return new ResponseWriter(request, replyId, clock);
}
