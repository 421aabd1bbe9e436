/**
 * One round of an answer with web search. Takes the calls of the search tool out of the model's reply and keeps the
 * rest as the assistant turn of the next round's request.
 */
import type { Part } from '../../core/conversation.ts';
import { parseJsonObject } from '../../core/json.ts';
import type { ReplyEnd, ReplyEvent } from '../../core/reply.ts';
import type { TokenCount } from '../../core/token-count.ts';
import type { WebResult } from '../../core/web-search.ts';
import { characters, citationsIn } from './citations.ts';

/** State shared by the rounds of one answer. */
export interface SearchState {
  /** Unicode characters in the text blocks so far. */
  characters: number;
  isBegun: boolean;
  readonly written: TokenCount;
  readonly found: Map<string, WebResult>;
}

export interface SearchCall {
  readonly type: 'search';
  readonly toolUseId: string;
  /** Undefined: the call had no query. */
  readonly query: string | undefined;
}

/** Events after the first search call are buffered, because searches run only after the model's reply has ended. */
export type BufferedEvent = SearchCall | { readonly type: 'event'; readonly event: ReplyEvent };

export class SearchRound {
  readonly buffered: BufferedEvent[] = [];
  readonly #state: SearchState;
  readonly #searchTool: string;
  readonly #parts: Part[] = [];
  #pieces: string[] = [];
  #toolUse: { readonly toolUseId: string; readonly name: string } | undefined;
  #end: ReplyEnd | undefined;
  #usesOtherTools = false;
  #hasFailed = false;

  constructor(state: SearchState, searchTool: string) {
    this.#state = state;
    this.#searchTool = searchTool;
  }

  get end(): ReplyEnd | undefined {
    return this.#end;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  get usesOtherTools(): boolean {
    return this.#usesOtherTools;
  }

  /** The model's reply without the calls of the search tool. */
  get parts(): readonly Part[] {
    return this.#parts;
  }

  /** Returns the events that may be sent now. */
  push(event: ReplyEvent): readonly ReplyEvent[] {
    if (event.type === 'reply-end') {
      this.#end = event;
      return [];
    }
    if (event.type === 'reply-error') {
      this.#hasFailed = true;
      return [event];
    }
    if (this.#takeSearch(event)) return [];
    if (this.buffered.length === 0) return this.place(event);
    this.buffered.push({ type: 'event', event });
    return [];
  }

  #takeSearch(event: ReplyEvent): boolean {
    if (event.type === 'tool-use-start') {
      const { toolUseId, name } = event;
      this.#toolUse = { toolUseId, name };
      this.#pieces = [];
      if (name !== this.#searchTool) this.#usesOtherTools = true;
    }
    const toolUse = this.#toolUse;
    if (event.type === 'tool-use-end') this.#toolUse = undefined;
    if (toolUse?.name !== this.#searchTool) return false;
    if (event.type === 'tool-use-delta') this.#pieces.push(event.json.plain);
    if (event.type === 'tool-use-end') {
      const query = queryOf(this.#pieces.join(''));
      this.buffered.push({ type: 'search', toolUseId: toolUse.toolUseId, query });
    }
    return true;
  }

  /** Converts an event of this round to one of the whole answer. */
  place(event: ReplyEvent): readonly ReplyEvent[] {
    const state = this.#state;
    switch (event.type) {
      case 'reply-start':
        if (state.isBegun) return [];
        state.isBegun = true;
        return [event];
      case 'text-start':
      case 'reasoning-start':
      case 'tool-use-start':
        this.#pieces = [];
        return [event];
      case 'text-delta':
      case 'reasoning-delta':
        this.#pieces.push(event.text.plain);
        state.written.add(event.text);
        return [event];
      case 'tool-use-delta':
        state.written.add(event.json);
        return [event];
      case 'text-end':
        return this.#endText();
      case 'reasoning-end': {
        const { signature } = event;
        const text = this.#pieces.join('');
        this.#parts.push({ type: 'reasoning', at: AT, text, ...(signature === undefined ? {} : { signature }) });
        return [event];
      }
      case 'redacted-reasoning':
        this.#parts.push({ type: 'redacted-reasoning', at: AT, data: event.data });
        return [event];
      default:
        return [event];
    }
  }

  #endText(): readonly ReplyEvent[] {
    const state = this.#state;
    const text = this.#pieces.join('');
    const textBefore = state.characters;
    if (text !== '') this.#parts.push({ type: 'text', at: AT, text });
    state.characters += characters(text);
    const cited = citationsIn(text, state.found).map((citation): ReplyEvent => {
      return { type: 'text-citation', citation, textBefore };
    });
    return [...cited, { type: 'text-end' }];
  }
}

/** The `at` of parts that are not in the client's request. */
export const AT = 'web_search';

function queryOf(json: string): string | undefined {
  const query = parseJsonObject(json)?.query;
  return typeof query === 'string' && query.trim() !== '' ? query : undefined;
}
