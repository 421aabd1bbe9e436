/**
 * Writes reply events as events of the Responses API:
 * https://platform.openai.com/docs/api-reference/responses-streaming
 *
 * Complete and stored responses come from the same writer, so they cannot differ from the streamed one. The end of a
 * text is delayed until the next event, which shows whether the text was cut short. Deltas are the hot path: text
 * arrives escaped and is copied between two halves of a ready-made event, never parsed.
 */
import type { Clock } from '../../core/clock.ts';
import type { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ReplyEnd, ReplyEvent, Source, StopReason, WebSearchEnd } from '../../core/reply.ts';
import type { TextPiece } from '../../core/text.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { Usage } from '../../core/usage.ts';
import { sseComment, sseEvent } from '../../framing/sse.ts';
import type { ReplyWriter } from '../protocol.ts';
import { carry } from '../reading/carrier.ts';
import { type ResponseFailure, toFailure } from './errors.ts';
import { CallBlock, MessageBlock, ReasoningBlock, refusalMessage } from './open-blocks.ts';
import {
  carryReasoning,
  compactionItem,
  reasoningItem,
  searchItem,
  showItem,
  showResponse,
  toAnnotation,
  wantsEncrypted,
  withAnnotations,
} from './output-items.ts';
import { outputItemId } from './past.ts';
import { type ResponseStatus, responseFrame, responseObject, statusAfter, type WritableRequest } from './response.ts';

export const KEEP_ALIVE = sseComment('keep-alive');

export class ResponseWriter implements ReplyWriter {
  readonly #id: string;
  readonly #frame: JsonObject;
  readonly #request: WritableRequest;
  readonly #isCompaction: boolean;
  readonly #withEncrypted: boolean;
  readonly #output: JsonObject[] = [];
  #status: ResponseStatus = 'in_progress';
  #sequence = 0;
  #begun = false;
  #ended = false;
  #open: MessageBlock | ReasoningBlock | CallBlock | undefined;
  /** The open block has received its last delta but is not closed yet. */
  #isEndPending = false;
  #annotations: JsonObject[] = [];
  #summary: string[] = [];
  #usage: Usage | undefined;
  #stopReason: StopReason | undefined;
  #failure: ResponseFailure | undefined;
  #completedAtS: number | undefined;
  readonly #clock: Pick<Clock, 'now'>;

  /** `clock`: for the time of completion. */
  constructor(request: WritableRequest, replyId: string, clock: Pick<Clock, 'now'>) {
    const { request: originalRequest, isCompaction } = request.echo;
    this.#id = replyId;
    this.#request = request;
    this.#clock = clock;
    this.#frame = responseFrame(request, replyId);
    this.#isCompaction = isCompaction;
    this.#withEncrypted = wantsEncrypted(originalRequest.include);
  }

  /** The current response, as it is stored. */
  get response(): JsonObject {
    return responseObject(this.#frame, {
      status: this.#status,
      output: this.#unfinished(),
      usage: this.#usage,
      stopReason: this.#stopReason,
      failure: this.#failure,
      completedAtS: this.#completedAtS,
    });
  }

  /** The current response, as its client sees it. */
  get shown(): JsonObject {
    return showResponse(this.response, this.#withEncrypted);
  }

  /** The first event of a background response. */
  queue(): string {
    this.#begun = true;
    this.#status = 'queued';
    return this.#lifecycle('response.created') + this.#lifecycle('response.queued');
  }

  /** Ends a response that the client has cancelled. */
  cancel(): string {
    if (this.#ended) return '';
    this.#ended = true;
    this.#status = 'cancelled';
    return this.#lifecycle('response.failed');
  }

  write(event: ReplyEvent): string {
    if (this.#ended) return '';
    const start = this.#begin();
    return start + (this.#isCompaction ? this.#gather(event) : this.#reply(event));
  }

  #begin(): string {
    if (this.#begun && this.#status !== 'queued') return '';
    const created = this.#begun ? '' : this.#lifecycle('response.created');
    this.#begun = true;
    this.#status = 'in_progress';
    return created + this.#lifecycle('response.in_progress');
  }

  #reply(event: ReplyEvent): string {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
        return this.#delta(event.text);
      case 'tool-use-delta':
        return this.#open instanceof CallBlock ? this.#open.delta(event.json, this.#count) : '';
      case 'text-start':
        return this.#start('msg_', MessageBlock);
      case 'reasoning-start':
        return this.#start('rs_', ReasoningBlock);
      case 'text-end':
        this.#isEndPending = true;
        return '';
      case 'reasoning-end':
        return this.#endReasoning(event.signature);
      case 'redacted-reasoning':
        return this.#closeHeld('completed') + this.#redacted(event.data);
      case 'tool-use-start':
        return this.#startCall(event.toolUseId, event.name);
      case 'tool-use-end':
        return this.#endCall();
      case 'web-search-start':
        return this.#startSearch(event.query);
      case 'web-search-end':
        return this.#endSearch(event);
      case 'text-citation': {
        const { url, title, start, end } = event.citation;
        this.#annotations.push({ type: 'url_citation', url, title, start_index: start, end_index: end });
        return '';
      }
      case 'source':
        return this.#source(event.source);
      case 'reply-end':
        return this.#end(event);
      case 'reply-error':
        return this.#fail(event.error);
      case 'reply-start':
        return '';
      default:
        return unreachable(event);
    }
  }

  /** Collects the summary, which becomes the only item. */
  #gather(event: ReplyEvent): string {
    if (event.type === 'text-delta') this.#summary.push(event.text.plain);
    if (event.type === 'reply-error') return this.#fail(event.error);
    if (event.type !== 'reply-end') return '';
    const summary = this.#summary.join('').trim();
    if (summary === '' || statusAfter(event.stopReason) === 'incomplete')
      return this.#failWith(NO_SUMMARY, event.usage);
    return this.#addComplete(compactionItem(this.#nextId('cmp_'), summary)) + this.#end(event);
  }

  #start(prefix: string, Block: typeof MessageBlock | typeof ReasoningBlock): string {
    const closed = this.#closeHeld('completed');
    this.#open = new Block({ id: this.#nextId(prefix), index: this.#output.length });
    return closed;
  }

  /** Empty blocks are dropped. */
  #delta(text: TextPiece): string {
    const block = this.#open;
    if (text.isEmpty || !block || block instanceof CallBlock) return '';
    return (block.isBegun ? '' : block.begin(this.#count)) + block.delta(text, this.#count);
  }

  #endReasoning(signature: string | undefined): string {
    const block = this.#open;
    if (!(block instanceof ReasoningBlock)) return '';
    if (!block.isBegun && signature !== undefined) {
      // Only the signature arrived, which the next turn still needs.
      this.#open = undefined;
      return this.#addComplete(reasoningItem(block.place.id, 'completed', '', carryReasoning('', signature)));
    }
    block.signature = signature;
    this.#isEndPending = true;
    return '';
  }

  #redacted(data: string): string {
    return this.#addComplete(reasoningItem(this.#nextId('rs_'), 'completed', '', carry({ type: 'redacted', data })));
  }

  #startCall(toolUseId: string, name: string): string {
    const closed = this.#closeHeld('completed');
    const declared = this.#request.echo.names.declaredAs(name);
    const block = new CallBlock(declared, toolUseId, this.#output.length, (prefix) => this.#nextId(prefix));
    this.#open = block;
    return closed + block.begin(this.#count);
  }

  #endCall(): string {
    const block = this.#open;
    if (!(block instanceof CallBlock)) return '';
    this.#open = undefined;
    return this.#finish(block.end(this.#count));
  }

  #startSearch(query: string): string {
    const closed = this.#closeHeld('completed');
    const at = { output_index: this.#output.length, item_id: this.#nextId('ws_') };
    const item = searchItem(at.item_id, 'in_progress', query);
    const added = this.#event('response.output_item.added', { output_index: at.output_index, item });
    const begun = this.#event('response.web_search_call.in_progress', at);
    return closed + added + begun + this.#event('response.web_search_call.searching', at);
  }

  #endSearch({ query, outcome }: WebSearchEnd): string {
    const at = { output_index: this.#output.length, item_id: this.#nextId('ws_') };
    const item = searchItem(at.item_id, outcome.type === 'found' ? 'completed' : 'failed', query, outcome);
    return this.#finish({ item, events: this.#event('response.web_search_call.completed', at) });
  }

  #source(source: Source): string {
    const annotation = toAnnotation(source);
    if (annotation) this.#annotations.push(annotation);
    return '';
  }

  #closeHeld(status: 'completed' | 'incomplete'): string {
    return this.#isEndPending ? this.#close(status) : '';
  }

  #close(status: 'completed' | 'incomplete'): string {
    const block = this.#open;
    this.#open = undefined;
    this.#isEndPending = false;
    if (!block || block instanceof CallBlock || !block.isBegun) return '';
    const annotations = block instanceof MessageBlock ? this.#annotations.splice(0) : [];
    return this.#finish(block.end(status, annotations, this.#count));
  }

  #finish({ item, events }: { readonly item: JsonObject; readonly events: string }): string {
    const index = this.#output.push(item) - 1;
    return events + this.#event('response.output_item.done', { output_index: index, item: this.#show(item) });
  }

  /** Adds an item that is complete at once. */
  #addComplete(item: JsonObject): string {
    const index = this.#output.push(item) - 1;
    const shown = { output_index: index, item: this.#show(item) };
    return this.#event('response.output_item.added', shown) + this.#event('response.output_item.done', shown);
  }

  #end({ stopReason, usage, refusal }: ReplyEnd): string {
    const status = statusAfter(stopReason);
    const closed = this.#closeHeld(status);
    this.#cite();
    const refused = refusal?.explanation === undefined ? '' : this.#refuse(refusal.explanation);
    this.#ended = true;
    this.#usage = usage;
    this.#stopReason = stopReason;
    this.#status = status;
    if (status === 'completed') this.#completedAtS = Math.floor(this.#clock.now() / 1000);
    return closed + refused + this.#lifecycle(`response.${status}`);
  }

  #refuse(explanation: string): string {
    const place = { id: this.#nextId('msg_'), index: this.#output.length };
    return this.#finish(refusalMessage(place, explanation, this.#count));
  }

  /** Citations that arrive after the last text appear only in the complete response. */
  #cite(): void {
    const at = this.#output.findLastIndex((item) => item.type === 'message');
    const item = this.#output[at];
    if (item && this.#annotations.length > 0) this.#output[at] = withAnnotations(item, this.#annotations);
  }

  #fail(error: GatewayError): string {
    return this.#failWith(toFailure(error), undefined);
  }

  #failWith(failure: ResponseFailure, usage: Usage | undefined): string {
    this.#failure = failure;
    this.#usage = usage;
    this.#status = 'failed';
    const event = this.#lifecycle('response.failed');
    this.#ended = true;
    return event;
  }

  /** The output so far, with truncated text but without incomplete calls. */
  #unfinished(): readonly JsonObject[] {
    const block = this.#open;
    if (!block || block instanceof CallBlock || !block.isBegun) return this.#output;
    const status = this.#status === 'in_progress' ? 'in_progress' : 'incomplete';
    return [...this.#output, block.soFar(status)];
  }

  #nextId(prefix: string): string {
    return outputItemId(prefix, this.#id, this.#output.length);
  }

  #show(item: JsonObject): JsonObject {
    return showItem(item, this.#withEncrypted);
  }

  readonly #count = (): number => this.#sequence++;

  #event(type: string, fields: JsonObject): string {
    return sseEvent(type, JSON.stringify({ type, sequence_number: this.#count(), ...fields }));
  }

  #lifecycle(type: string): string {
    return this.#event(type, { response: this.shown });
  }
}

const NO_SUMMARY: ResponseFailure = {
  code: 'server_error',
  message: 'The model did not write a complete summary of the conversation. Try again.',
};
