/** How completions of code are written: as many choices as the service found, in the words of a protocol that has them. */
import type { ClientProtocol, ParsedCompletion } from '../protocols/protocol.ts';
import { randomId } from './ids.ts';
import type { Writing } from './writing.ts';

export function codeWritingOf(protocol: ClientProtocol, request: ParsedCompletion, choices: number): Writing {
  const id = protocol.replyId(randomId());
  return {
    keepAlive: protocol.keepAlive,
    createWriters: () => protocol.choices?.createWriters(choices, request, id) ?? [],
    writeReplies: (replies) => protocol.choices?.writeReplies(replies, request, id),
  };
}
