/** How the answer to one request is written, whatever its protocol and however many choices there are. */
import type { Reply } from '../core/collect.ts';
import type { AnswerableRequest, ClientProtocol, ReplyWriter } from '../protocols/protocol.ts';
import { randomId } from './ids.ts';

export interface Writing {
  readonly keepAlive: string;
  /** One for each choice. */
  createWriters(): readonly ReplyWriter[];
  /** The body of an answer that is not streamed. */
  writeReplies(replies: readonly Reply[]): unknown;
  /** Called when the reply has ended, before the client receives its end. */
  readonly finish?: (() => Promise<void>) | undefined;
}

export function writingOf<Echo>(
  protocol: ClientProtocol<Echo>,
  request: AnswerableRequest<Echo>,
  choices: number,
): Writing {
  const { keepAlive } = protocol;
  const id = protocol.replyId(randomId());
  const several = choices > 1 ? protocol.choices : undefined;
  return {
    keepAlive,
    createWriters: () => several?.createWriters(choices, request, id) ?? [protocol.createWriter(request, id)],
    writeReplies: (replies) =>
      several?.writeReplies(replies, request, id) ?? replies.map((reply) => protocol.writeReply(reply, request, id))[0],
  };
}
