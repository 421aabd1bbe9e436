/** Turns a complete reply back into events, so that complete and streamed replies use the same writer. */
import type { Reply, ReplyBlock } from '../../core/collect.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { ReplyWriter } from '../protocol.ts';

export function replayInto(writer: ReplyWriter, reply: Reply): void {
  for (const event of eventsOf(reply)) writer.write(event);
}

function eventsOf({ blocks, sources, stopReason, stopSequence, usage, refusal }: Reply): readonly ReplyEvent[] {
  return [
    { type: 'reply-start', inputTokens: usage.inputTokens },
    ...blocks.flatMap(replayBlock),
    ...sources.map((source): ReplyEvent => ({ type: 'source', source })),
    { type: 'reply-end', stopReason, stopSequence, usage, refusal },
  ];
}

function replayBlock(block: ReplyBlock): readonly ReplyEvent[] {
  switch (block.type) {
    case 'text':
      return [
        { type: 'text-start' },
        { type: 'text-delta', text: TextPiece.plain(block.text) },
        ...(block.citations ?? []),
        { type: 'text-end' },
      ];
    case 'reasoning':
      return [
        { type: 'reasoning-start' },
        { type: 'reasoning-delta', text: TextPiece.plain(block.text) },
        { type: 'reasoning-end', signature: block.signature },
      ];
    case 'redacted-reasoning':
      return [{ type: 'redacted-reasoning', data: block.data }];
    case 'tool-use':
      return [
        { type: 'tool-use-start', toolUseId: block.toolUseId, name: block.name },
        { type: 'tool-use-delta', json: TextPiece.plain(block.json) },
        { type: 'tool-use-end' },
      ];
    case 'web-search': {
      const { searchId, query, outcome } = block;
      return [
        { type: 'web-search-start', searchId, query },
        { type: 'web-search-end', searchId, query, outcome },
      ];
    }
    default:
      return unreachable(block);
  }
}
