/** Writes a complete reply in the format of the Messages API, and parts that the stream shares. */
import type { Reply, ReplyBlock } from '../../core/collect.ts';
import { parseToPrint } from '../../core/json.ts';
import type { RefusalDetail, ReplyEnd, StopReason } from '../../core/reply.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { AnswerableRequest } from '../protocol.ts';
import { sealedSignature, visibleSignature } from '../reading/signature.ts';
import { DIRECT_CALLER, searchResultBlock, serverToolUse, wireCitation } from '../reading/web-search-blocks.ts';
import type { Echo } from './parse.ts';
import { toWireUsage } from './usage.ts';

export function writeReply(reply: Reply, request: AnswerableRequest<Echo>, replyId: string): unknown {
  const { model, thinking } = request.echo;
  return {
    id: replyId,
    type: 'message',
    role: 'assistant',
    model,
    content: reply.blocks.flatMap((block) => writeBlock(block, thinking)),
    ...toEnding(reply),
    diagnostics: null,
    usage: toWireUsage(reply.usage),
  };
}

function writeBlock(block: ReplyBlock, thinking: Echo['thinking']): readonly object[] {
  switch (block.type) {
    case 'text':
      return block.text === '' ? [] : [writeText(block)];
    case 'reasoning':
      return thinking === 'hidden' ? [] : [writeThinking(block, thinking)];
    case 'redacted-reasoning':
      return thinking === 'hidden' ? [] : [{ type: 'redacted_thinking', data: block.data }];
    case 'tool-use':
      return [toolUseBlock(block.toolUseId, block.name, parseToPrint(block.json))];
    case 'web-search':
      return [serverToolUse(block.searchId, { query: block.query }), searchResultBlock(block.searchId, block.outcome)];
    default:
      return unreachable(block);
  }
}

function writeText({ text, citations = [] }: Extract<ReplyBlock, { type: 'text' }>): object {
  return { type: 'text', text, citations: citations.length === 0 ? null : citations.map(wireCitation) };
}

/** In a stream, the block starts with an empty input. */
export function toolUseBlock(id: string, name: string, input: unknown): object {
  return { type: 'tool_use', id, caller: DIRECT_CALLER, name, input };
}

function writeThinking(
  { text, signature }: { readonly text: string; readonly signature: string | undefined },
  thinking: 'shown' | 'omitted',
): object {
  return thinking === 'omitted'
    ? { type: 'thinking', thinking: '', signature: sealedSignature({ text, signature }) }
    : { type: 'thinking', thinking: text, signature: visibleSignature(signature) };
}

type Ending = Pick<ReplyEnd, 'stopReason' | 'stopSequence' | 'refusal'>;

/** How the message ended; in a stream, the delta of `message_delta`. */
export function toEnding({ stopReason, stopSequence, refusal }: Ending): object {
  return {
    stop_reason: STOP_REASONS[stopReason],
    // Only code execution uses a container, and the service has none.
    container: null,
    stop_sequence: stopReason === 'stop-sequence' ? (stopSequence ?? null) : null,
    stop_details: stopReason === 'refusal' ? toStopDetails(refusal) : null,
  };
}

function toStopDetails(refusal: RefusalDetail | undefined): object {
  const category = refusal?.category?.toLowerCase();
  return {
    type: 'refusal',
    category: REFUSAL_CATEGORIES.find((known) => known === category) ?? null,
    explanation: refusal?.explanation ?? null,
  };
}

/** The API's categories, which the service sends in upper case. Any other category becomes null. */
const REFUSAL_CATEGORIES = ['cyber', 'bio', 'frontier_llm', 'reasoning_extraction', 'general_harms'];

const STOP_REASONS: Record<StopReason, string> = {
  'end-turn': 'end_turn',
  'tool-use': 'tool_use',
  'max-tokens': 'max_tokens',
  'stop-sequence': 'stop_sequence',
  refusal: 'refusal',
  'context-window': 'model_context_window_exceeded',
};
