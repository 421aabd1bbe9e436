/**
 * Writes reply events as Anthropic's server-sent events: https://docs.anthropic.com/en/api/messages-streaming
 *
 * Deltas are the hot path: text arrives escaped and is copied between two halves of a ready-made event, never parsed.
 */
import { Fragments } from '../../core/fragments.ts';
import type { ReplyEnd, ReplyEvent, ReplyStart, TextCitation } from '../../core/reply.ts';
import { flatText, TextPiece } from '../../core/text.ts';
import { unreachable } from '../../core/unreachable.ts';
import { sseEvent } from '../../framing/sse.ts';
import type { AnswerableRequest, ReplyWriter } from '../protocol.ts';
import { sealedSignature, visibleSignature } from '../reading/signature.ts';
import { searchResultBlock, serverToolUse, wireCitation } from '../reading/web-search-blocks.ts';
import { writeStreamError } from './errors.ts';
import type { Echo } from './parse.ts';
import { toEnding, toolUseBlock } from './reply.ts';
import { START_USAGE, toCount, toDeltaUsage } from './usage.ts';

export const PING = 'event: ping\ndata: {"type":"ping"}\n\n';

export function createWriter(request: AnswerableRequest<Echo>, replyId: string): ReplyWriter {
  return new MessageWriter(request.echo, replyId);
}

class MessageWriter implements ReplyWriter {
  readonly #model: string;
  readonly #thinking: Echo['thinking'];
  readonly #replyId: string;
  /** Index of the next block, counted here because blocks may be dropped. */
  #nextIndex = 0;
  #open: 'text' | 'thinking' | 'tool_use' | undefined;
  /** The event of a delta in the open block, up to its text. */
  #deltaHead = '';
  /** Escaped reasoning that is omitted from the reply and stored in its signature. */
  #omitted = new Fragments();
  #ended = false;

  constructor({ model, thinking }: Echo, replyId: string) {
    this.#model = model;
    this.#thinking = thinking;
    this.#replyId = replyId;
  }

  write(event: ReplyEvent): string {
    if (this.#ended) return '';
    switch (event.type) {
      case 'reply-start':
        return this.#messageStart(event);
      case 'text-start':
        return ''; // opened by its first character, because clients mishandle empty text blocks
      case 'text-delta':
        return this.#textDelta(event.text);
      case 'text-end':
        return this.#closeText();
      case 'reasoning-start':
        return this.#openThinking();
      case 'reasoning-delta':
        return this.#thinkingDelta(event.text);
      case 'reasoning-end':
        return this.#closeThinking(event.signature);
      case 'redacted-reasoning':
        return this.#redactedThinking(event.data);
      case 'tool-use-start':
        return this.#openToolUse(event.toolUseId, event.name);
      case 'tool-use-delta':
        return this.#delta(event.json);
      case 'tool-use-end':
        return this.#close();
      case 'web-search-start':
        return this.#searchStart(event.searchId, event.query);
      case 'web-search-end':
        return (
          this.#openBlock('text', JSON.stringify(searchResultBlock(event.searchId, event.outcome))) + this.#close()
        );
      case 'text-citation':
        return this.#citation(event);
      case 'source':
        return ''; // the API's citations need keys that only its own search can issue
      case 'reply-end':
        return this.#messageEnd(event);
      case 'reply-error': {
        const cut = this.#closeCutBlock();
        this.#ended = true;
        return cut + sse('error', writeStreamError(event.error));
      }
      default:
        return unreachable(event);
    }
  }

  #messageStart({ inputTokens }: ReplyStart): string {
    const id = JSON.stringify(this.#replyId);
    const model = JSON.stringify(this.#model);
    const tokens = JSON.stringify(toCount(inputTokens));
    return `${BEFORE_ID}${id}${BEFORE_MODEL}${model}${BEFORE_TOKENS}${tokens}${AFTER_TOKENS}`;
  }

  #messageEnd(end: ReplyEnd): string {
    this.#ended = true;
    const delta = toEnding(end);
    return `${sse('message_delta', { type: 'message_delta', delta, usage: toDeltaUsage(end.usage) })}${MESSAGE_STOP}`;
  }

  #textDelta(text: TextPiece): string {
    if (text.isEmpty) return '';
    const start = this.#open === 'text' ? '' : this.#openBlock('text', '{"type":"text","text":"","citations":null}');
    return start + this.#delta(text);
  }

  #closeText(): string {
    return this.#open === 'text' ? this.#close() : '';
  }

  #openThinking(): string {
    if (this.#thinking === 'hidden') return '';
    this.#omitted = new Fragments();
    return this.#openBlock('thinking', '{"type":"thinking","thinking":"","signature":""}');
  }

  #thinkingDelta(text: TextPiece): string {
    if (this.#open !== 'thinking') return '';
    if (this.#thinking === 'shown') return this.#delta(text);
    this.#omitted.push(text.escaped);
    return '';
  }

  #closeThinking(upstreamSignature: string | undefined): string {
    if (this.#open !== 'thinking') return '';
    const signature = this.#thinking === 'shown' ? visibleSignature(upstreamSignature) : this.#seal(upstreamSignature);
    const delta = { type: 'signature_delta', signature };
    const index = this.#nextIndex - 1;
    return sse('content_block_delta', { type: 'content_block_delta', index, delta }) + this.#close();
  }

  #seal(signature: string | undefined): string {
    // The pieces are escaped JSON string contents, and so is their concatenation.
    const text: string = JSON.parse(`"${this.#omitted}"`);
    return sealedSignature({ text, signature });
  }

  #redactedThinking(data: string): string {
    if (this.#thinking === 'hidden') return '';
    return this.#openBlock('thinking', JSON.stringify({ type: 'redacted_thinking', data })) + this.#close();
  }

  #openToolUse(id: string, name: string): string {
    return this.#openBlock('tool_use', JSON.stringify(toolUseBlock(id, name, {})));
  }

  #searchStart(id: string, query: string): string {
    const start = this.#openBlock('tool_use', JSON.stringify(serverToolUse(id, {})));
    return start + this.#delta(TextPiece.plain(JSON.stringify({ query }))) + this.#close();
  }

  #citation(citation: TextCitation): string {
    if (this.#open !== 'text') return '';
    const delta = { type: 'citations_delta', citation: wireCitation(citation) };
    return sse('content_block_delta', { type: 'content_block_delta', index: this.#nextIndex - 1, delta });
  }

  /**
   * Closes text and thinking, which are complete as far as they go. A tool use stays open, because a closed one would
   * look as if its input were complete.
   */
  #closeCutBlock(): string {
    switch (this.#open) {
      case 'text':
        return this.#close();
      case 'thinking':
        return this.#closeThinking(undefined);
      default:
        return '';
    }
  }

  #openBlock(kind: keyof typeof DELTAS, contentBlock: string): string {
    const index = this.#nextIndex++;
    this.#open = kind;
    const delta = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":';
    this.#deltaHead = flatText(delta, `${index},"delta":${DELTAS[kind]}"`);
    return `event: content_block_start\ndata: {"type":"content_block_start","index":${index},"content_block":${contentBlock}}\n\n`;
  }

  #delta(text: TextPiece): string {
    return text.isEmpty ? '' : `${this.#deltaHead}${text.escaped}"}}\n\n`;
  }

  #close(): string {
    this.#open = undefined;
    return `event: content_block_stop\ndata: {"type":"content_block_stop","index":${this.#nextIndex - 1}}\n\n`;
  }
}

const DELTAS = {
  text: '{"type":"text_delta","text":',
  thinking: '{"type":"thinking_delta","thinking":',
  tool_use: '{"type":"input_json_delta","partial_json":',
} as const;

const MESSAGE_STOP = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';

function sse(name: string, data: unknown): string {
  return sseEvent(name, JSON.stringify(data));
}

const GAP = '\0';

/** The first event around its three values that differ: serialising an object for each reply takes four times as long. */
const [BEFORE_ID = '', BEFORE_MODEL = '', BEFORE_TOKENS = '', AFTER_TOKENS = ''] = sse('message_start', {
  type: 'message_start',
  message: {
    id: GAP,
    type: 'message',
    role: 'assistant',
    model: GAP,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: { ...START_USAGE, input_tokens: GAP },
  },
}).split(JSON.stringify(GAP));
