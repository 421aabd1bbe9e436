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
    ...blocks.flatMap((block, index) => replayBlock(block, index)),
    ...sources.map((source): ReplyEvent => ({ type: 'source', source })),
    { type: 'reply-end', stopReason, stopSequence, usage, refusal },
  ];
}

function replayBlock(block: ReplyBlock, index: number): readonly ReplyEvent[] {
  switch (block.type) {
    case 'text':
      return [
        { type: 'text-start', index },
        { type: 'text-delta', index, text: TextPiece.plain(block.text) },
        ...(block.citations ?? []).map((citation) => ({ ...citation, index })),
        { type: 'text-end', index },
      ];
    case 'reasoning':
      return [
        { type: 'reasoning-start', index },
        { type: 'reasoning-delta', index, text: TextPiece.plain(block.text) },
        { type: 'reasoning-end', index, signature: block.signature },
      ];
    case 'redacted-reasoning':
      return [{ type: 'redacted-reasoning', index, data: block.data }];
    case 'tool-use':
      return [
        { type: 'tool-use-start', index, toolUseId: block.toolUseId, name: block.name },
        { type: 'tool-use-delta', index, json: TextPiece.plain(block.json) },
        { type: 'tool-use-end', index },
      ];
    case 'web-search': {
      const { searchId, query, outcome } = block;
      return [
        { type: 'web-search-start', index, searchId, query },
        { type: 'web-search-end', index, searchId, query, outcome },
      ];
    }
    default:
      return unreachable(block);
  }
}
