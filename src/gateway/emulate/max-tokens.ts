/**
 * `max_tokens` for models that have no such setting or accept no value that small: text and reasoning are cut where
 * dragoman's own estimate reaches the limit. Tool calls are never cut, because half a call is useless to an agent.
 */
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import { unreachable } from '../../core/unreachable.ts';
import { EventTransform } from './transform.ts';

export class MaxTokens extends EventTransform {
  readonly #limit: number;
  #open: 'text' | 'reasoning' | undefined;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  protected override change(event: ReplyEvent): readonly ReplyEvent[] {
    switch (event.type) {
      case 'text-start':
        return this.#start('text', event);
      case 'reasoning-start':
        return this.#start('reasoning', event);
      case 'text-delta':
      case 'reasoning-delta':
        return this.#text(event);
      case 'text-end':
      case 'reasoning-end':
        this.#open = undefined;
        this.written.settle();
        return [event];
      case 'tool-use-start':
        return this.#isFull() ? [this.finish('max-tokens', undefined, '')] : [event];
      case 'tool-use-delta':
        return [event];
      case 'tool-use-end':
        this.written.settle();
        return [event];
      case 'reply-start':
      case 'redacted-reasoning':
      case 'source':
      case 'web-search-start':
      case 'web-search-end':
      case 'text-citation':
      case 'reply-end':
      case 'reply-error':
        return [event];
      default:
        return unreachable(event);
    }
  }

  #start(kind: 'text' | 'reasoning', event: ReplyEvent): readonly ReplyEvent[] {
    if (this.#isFull()) return [this.finish('max-tokens', undefined, '')];
    this.#open = kind;
    return [event];
  }

  #text(event: Extract<ReplyEvent, { type: 'text-delta' | 'reasoning-delta' }>): readonly ReplyEvent[] {
    if (this.written.atMostWith(event.text) <= this.#limit) return [event];
    const piece = event.text.plain;
    if (this.written.totalWith(piece) <= this.#limit) return [event];
    const kept = this.#prefixWithinLimit(piece);
    const end: ReplyEvent =
      this.#open === 'reasoning' ? { type: 'reasoning-end', signature: undefined } : { type: 'text-end' };
    const delta: ReplyEvent[] = kept === '' ? [] : [{ ...event, text: TextPiece.plain(kept) }];
    return [...delta, end, this.finish('max-tokens', undefined, kept)];
  }

  /** The longest prefix of `piece` within the limit, in whole characters. */
  #prefixWithinLimit(piece: string): string {
    let low = 0;
    let high = piece.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.written.totalWith(piece.slice(0, middle)) <= this.#limit) low = middle;
      else high = middle - 1;
    }
    const splitsPair = /[\uD800-\uDBFF]/.test(piece.charAt(low - 1));
    return piece.slice(0, splitsPair ? low - 1 : low);
  }

  #isFull(): boolean {
    return this.written.total >= this.#limit;
  }
}
