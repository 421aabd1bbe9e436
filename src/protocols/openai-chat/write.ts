/**
 * Writes reply events as `chat.completion.chunk` events: https://platform.openai.com/docs/api-reference/chat-streaming
 *
 * Deltas are the hot path: text arrives escaped and is copied between two halves of a ready-made chunk, never parsed.
 */
import type { ReplyEnd, ReplyEvent, Source, TextCitation } from '../../core/reply.ts';
import { flatText, type TextPiece } from '../../core/text.ts';
import { unreachable } from '../../core/unreachable.ts';
import { sseComment, sseEvent } from '../../framing/sse.ts';
import { ChoicesEnding } from '../openai-choices.ts';
import { SERVICE_TIER, toWireUsage } from '../openai-usage.ts';
import type { AnswerableRequest, ReplyWriter } from '../protocol.ts';
import { customInput } from '../reading/arguments.ts';
import { toErrorBody } from './errors.ts';
import type { Echo } from './parse.ts';
import { encryptedDetail, FORMAT, signatureDetail } from './reasoning.ts';
import { finishReason, toAnnotations } from './reply.ts';

export const KEEP_ALIVE = sseComment('keep-alive');

export function createWriter(request: AnswerableRequest<Echo>, replyId: string): ReplyWriter {
  return new ChunkWriter(request, replyId, 0, new ChoicesEnding(1));
}

export function createWriters(
  choices: number,
  request: AnswerableRequest<Echo>,
  replyId: string,
): readonly ReplyWriter[] {
  const ending = new ChoicesEnding(choices);
  return Array.from({ length: choices }, (_, index) => new ChunkWriter(request, replyId, index, ending));
}

/** How the current tool use is written; `none`: the reply cannot hold it. */
type CallForm = 'function' | 'custom' | 'raw-text' | 'legacy' | 'none';

class ChunkWriter implements ReplyWriter {
  readonly #echo: Echo;
  readonly #ending: ChoicesEnding;
  /** The start of a chunk, up to its choices. */
  readonly #head: string;
  /** The start of a chunk, up to its delta. */
  readonly #deltaHead: string;
  readonly #deltaTail: string;
  readonly #textHead: string;
  #reasoningHead = '';
  readonly #textTail: string;
  #argumentsHead = '';
  #argumentsTail = '';
  #calls = 0;
  /** Number of completed reasoning blocks. */
  #reasonings = 0;
  #form: CallForm = 'none';
  #wroteArguments = false;
  /** A custom tool's input, which can be unwrapped only when its JSON is complete. */
  #customJson: string[] = [];
  readonly #sources: Source[] = [];
  readonly #citations: TextCitation[] = [];
  #ended = false;

  constructor(request: AnswerableRequest<Echo>, id: string, choice: number, ending: ChoicesEnding) {
    const { echo } = request;
    this.#echo = echo;
    this.#ending = ending;
    const created = request.createdAtS;
    const fields = { id, object: 'chat.completion.chunk', created, model: echo.model, service_tier: SERVICE_TIER };
    this.#head = `data: ${JSON.stringify(fields).slice(0, -1)},"choices":[`;
    this.#deltaHead = `${this.#head}{"index":${choice},"delta":`;
    this.#deltaTail = this.#tail(null);
    this.#textHead = flatText(this.#deltaHead, '{"content":"');
    this.#textTail = flatText('"}', this.#deltaTail);
  }

  write(event: ReplyEvent): string {
    if (this.#ended) return '';
    switch (event.type) {
      case 'text-delta':
        return event.text.isEmpty ? '' : this.#textHead + event.text.escaped + this.#textTail;
      case 'reasoning-delta':
        return this.#reasoningDelta(event.text);
      case 'tool-use-delta':
        return this.#argumentsDelta(event.json);
      case 'reply-start':
        return this.#chunk({ role: 'assistant', content: '', refusal: null });
      case 'tool-use-start':
        return this.#startCall(event.toolUseId, event.name);
      case 'tool-use-end':
        return this.#endCall();
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
        return '';
      case 'reasoning-end':
        return this.#endReasoning(event.signature);
      case 'redacted-reasoning':
        return this.#details([encryptedDetail(event.data, this.#reasonings++)]);
      case 'text-citation':
        this.#citations.push(event);
        return '';
      case 'web-search-start':
      case 'web-search-end': // this API shows search results only as citations
        return '';
      case 'source':
        this.#sources.push(event.source);
        return '';
      case 'reply-end':
        return this.#end(event);
      case 'reply-error':
        this.#ended = true;
        return sseEvent(undefined, JSON.stringify(toErrorBody(event.error)));
      default:
        return unreachable(event);
    }
  }

  #tail(finishReason: string | null): string {
    const finish = `,"logprobs":null,"finish_reason":${JSON.stringify(finishReason)}}]`;
    // With include_usage, every chunk but the last has `usage: null`.
    return `${finish}${this.#echo.includeUsage ? ',"usage":null' : ''}}\n\n`;
  }

  #chunk(delta: object): string {
    return `${this.#deltaHead}${JSON.stringify(delta)}${this.#deltaTail}`;
  }

  #reasoningDelta({ isEmpty, escaped }: TextPiece): string {
    if (isEmpty || this.#echo.reasoning === 'hidden') return '';
    if (this.#echo.reasoning === 'content') {
      this.#reasoningHead ||= flatText(this.#deltaHead, '{"reasoning_content":"');
      return this.#reasoningHead + escaped + this.#textTail;
    }
    const detail = `{"type":"reasoning.text","text":"${escaped}","format":"${FORMAT.format}","index":${this.#reasonings}}`;
    return `${this.#deltaHead}{"reasoning":"${escaped}","reasoning_details":[${detail}]}${this.#deltaTail}`;
  }

  #endReasoning(signature: string | undefined): string {
    const index = this.#reasonings++;
    return signature === undefined ? '' : this.#details([signatureDetail(signature, index)]);
  }

  /** Only this form can carry opaque data of the service. */
  #details(details: readonly object[]): string {
    return this.#echo.reasoning === 'details' ? this.#chunk({ reasoning_details: details }) : '';
  }

  #startCall(id: string, name: string): string {
    const index = this.#calls++;
    this.#form = this.#formOf(name, index);
    this.#wroteArguments = false;
    this.#customJson = [];
    switch (this.#form) {
      case 'function':
        this.#argumentsHead = `${this.#deltaHead}{"tool_calls":[{"index":${index},"function":{"arguments":"`;
        this.#argumentsTail = `"}}]}${this.#deltaTail}`;
        return this.#chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
      case 'legacy':
        this.#argumentsHead = `${this.#deltaHead}{"function_call":{"arguments":"`;
        this.#argumentsTail = `"}}${this.#deltaTail}`;
        return this.#chunk({ function_call: { name, arguments: '' } });
      case 'custom':
        return this.#chunk({ tool_calls: [{ index, id, type: 'custom', custom: { name, input: '' } }] });
      case 'raw-text':
        return this.#chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
      case 'none':
        return '';
      default:
        return unreachable(this.#form);
    }
  }

  #formOf(name: string, index: number): CallForm {
    if (this.#echo.legacyFunctions) return index === 0 ? 'legacy' : 'none';
    if (this.#echo.customTools.has(name)) return 'custom';
    return this.#echo.rawTextTools.has(name) ? 'raw-text' : 'function';
  }

  #argumentsDelta(json: TextPiece): string {
    if (json.isEmpty || this.#form === 'none') return '';
    this.#wroteArguments = true;
    if (this.#form === 'custom' || this.#form === 'raw-text') {
      this.#customJson.push(json.plain);
      return '';
    }
    return this.#argumentsHead + json.escaped + this.#argumentsTail;
  }

  /** Arguments are JSON text even if the model wrote none. */
  #endCall(): string {
    switch (this.#form) {
      case 'function':
      case 'legacy':
        return this.#wroteArguments ? '' : `${this.#argumentsHead}{}${this.#argumentsTail}`;
      case 'custom': {
        const input = customInput(this.#customJson.join('') || '{}');
        return this.#chunk({ tool_calls: [{ index: this.#calls - 1, custom: { input } }] });
      }
      case 'raw-text': {
        const text = customInput(this.#customJson.join('') || '{}');
        return this.#chunk({ tool_calls: [{ index: this.#calls - 1, function: { arguments: text } }] });
      }
      case 'none':
        return '';
      default:
        return unreachable(this.#form);
    }
  }

  #end({ stopReason, usage, refusal }: ReplyEnd): string {
    this.#ended = true;
    const annotations = toAnnotations(this.#sources, this.#citations);
    const refused = refusal?.explanation === undefined ? '' : this.#chunk({ refusal: refusal.explanation });
    const cited = annotations.length === 0 ? '' : this.#chunk({ annotations });
    const finish = finishReason(stopReason, this.#calls > 0, this.#echo);
    const last = `${this.#deltaHead}{}${this.#tail(finish)}`;
    const total = this.#ending.end(usage);
    if (!total) return refused + cited + last;
    const figures = this.#echo.includeUsage ? `${this.#head}],"usage":${JSON.stringify(toWireUsage(total))}}\n\n` : '';
    return `${refused}${cited}${last}${figures}data: [DONE]\n\n`;
  }
}
