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

  protected override change(event: ReplyEvent): void {
    switch (event.type) {
      case 'text-start':
        this.#start('text', event);
        break;
      case 'reasoning-start':
        this.#start('reasoning', event);
        break;
      case 'text-delta':
      case 'reasoning-delta':
        this.#text(event);
        break;
      case 'text-end':
      case 'reasoning-end':
        this.#open = undefined;
        this.written.settle();
        this.emit(event);
        break;
      case 'tool-use-start':
        if (this.#isFull()) this.finish('max-tokens', undefined);
        else this.emit(event);
        break;
      case 'tool-use-end':
        this.written.settle();
        this.emit(event);
        break;
      case 'tool-use-delta':
      case 'reply-start':
      case 'redacted-reasoning':
      case 'source':
      case 'web-search-start':
      case 'web-search-end':
      case 'text-citation':
      case 'reply-end':
      case 'reply-error':
        this.emit(event);
        break;
      default:
        unreachable(event);
    }
  }

  #start(kind: 'text' | 'reasoning', event: ReplyEvent): void {
    if (this.#isFull()) {
      this.finish('max-tokens', undefined);
      return;
    }
    this.#open = kind;
    this.emit(event);
  }

  #text(event: Extract<ReplyEvent, { type: 'text-delta' | 'reasoning-delta' }>): void {
    if (this.written.atMostWith(event.text) <= this.#limit || this.written.totalWith(event.text.plain) <= this.#limit) {
      this.emit(event);
      return;
    }
    const kept = this.#prefixWithinLimit(event.text.plain);
    if (kept !== '') this.emit({ ...event, text: TextPiece.plain(kept) });
    this.emit(this.#open === 'reasoning' ? { type: 'reasoning-end', signature: undefined } : { type: 'text-end' });
    this.finish('max-tokens', undefined);
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
    return this.written.reaches(this.#limit);
  }
}
