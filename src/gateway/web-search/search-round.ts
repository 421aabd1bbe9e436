/**
 * One of the model's replies within an answer that takes several, because it searches: its blocks get their place in the
 * whole answer, its calls of the search are taken out, and what it said is kept as the turn which the next round follows.
 */
import type { Part } from '../../core/conversation.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ReplyEnd, ReplyEvent } from '../../core/reply.ts';
import type { TokenCount } from '../../core/token-count.ts';
import type { WebResult } from '../../core/web-search.ts';
import { characters, citationsIn } from './citations.ts';

/** What the rounds of one answer share. */
export interface SearchState {
  /** Of the next block. */
  index: number;
  /** Unicode characters of the text blocks so far. */
  characters: number;
  isBegun: boolean;
  readonly written: TokenCount;
  readonly found: Map<string, WebResult>;
}

export interface SearchCall {
  readonly type: 'search';
  readonly toolUseId: string;
  /** Undefined: the call had none. */
  readonly query: string | undefined;
}

/** After the first call of the search everything waits: a search is run when the reply has ended, and in its place. */
export type HeldBackEvent = SearchCall | { readonly type: 'event'; readonly event: ReplyEvent };

export class SearchRound {
  readonly held: HeldBackEvent[] = [];
  readonly #whole: SearchState;
  readonly #searchTool: string;
  readonly #parts: Part[] = [];
  #pieces: string[] = [];
  #toolUse: { readonly toolUseId: string; readonly name: string } | undefined;
  #end: ReplyEnd | undefined;
  #usesOtherTools = false;
  #hasFailed = false;

  constructor(whole: SearchState, searchTool: string) {
    this.#whole = whole;
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

  /** What the model said, without the calls of the search. */
  get parts(): readonly Part[] {
    return this.#parts;
  }

  /** What may go out now. */
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
    if (this.held.length === 0) return this.place(event);
    this.held.push({ type: 'event', event });
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
      this.held.push({ type: 'search', toolUseId: toolUse.toolUseId, query });
    }
    return true;
  }

  /** The event as one of the whole answer. */
  place(event: ReplyEvent): readonly ReplyEvent[] {
    const whole = this.#whole;
    switch (event.type) {
      case 'reply-start':
        if (whole.isBegun) return [];
        whole.isBegun = true;
        return [event];
      case 'text-start':
      case 'reasoning-start':
      case 'tool-use-start':
        this.#pieces = [];
        return [{ ...event, index: whole.index }];
      case 'text-delta':
      case 'reasoning-delta':
        this.#pieces.push(event.text.plain);
        whole.written.add(event.text);
        return [event.index === whole.index ? event : { ...event, index: whole.index }];
      case 'tool-use-delta':
        whole.written.add(event.json);
        return [event.index === whole.index ? event : { ...event, index: whole.index }];
      case 'text-end':
        return this.#endText();
      case 'reasoning-end': {
        const { signature } = event;
        const text = this.#pieces.join('');
        this.#parts.push({ type: 'reasoning', at: AT, text, ...(signature === undefined ? {} : { signature }) });
        return [{ ...event, index: whole.index++ }];
      }
      case 'redacted-reasoning':
        this.#parts.push({ type: 'redacted-reasoning', at: AT, data: event.data });
        return [{ ...event, index: whole.index++ }];
      case 'tool-use-end':
        return [{ ...event, index: whole.index++ }];
      default:
        return [event];
    }
  }

  #endText(): readonly ReplyEvent[] {
    const whole = this.#whole;
    const text = this.#pieces.join('');
    const textBefore = whole.characters;
    if (text !== '') this.#parts.push({ type: 'text', at: AT, text });
    whole.characters += characters(text);
    const { index } = whole;
    const cited = citationsIn(text, whole.found).map((citation): ReplyEvent => {
      return { type: 'text-citation', index, citation, textBefore };
    });
    whole.index += 1;
    return [...cited, { type: 'text-end', index }];
  }
}

/** These parts stand nowhere in the client's request. */
export const AT = 'web_search';

function queryOf(json: string): string | undefined {
  try {
    const input: unknown = JSON.parse(json);
    if (!isJsonObject(input) || typeof input.query !== 'string') return undefined;
    return input.query.trim() === '' ? undefined : input.query;
  } catch {
    return undefined;
  }
}
