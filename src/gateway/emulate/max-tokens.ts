/**
 * `max_tokens`, which the wire has no field for: text and reasoning are cut where our own estimate reaches the limit.
 * A tool call is never cut: half a call is worth nothing, and an agent asked for it.
 */
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import { estimateTokens } from '../../core/tokens.ts';
import { unreachable } from '../../core/unreachable.ts';
import { EventTransform } from './transform.ts';

/** Text is counted anew from here on at each delta; what lies before has been counted for good. */
const SETTLE_CHARACTERS = 400;

export class MaxTokens extends EventTransform {
  readonly #limit: number;
  #settledTokens = 0;
  #tail = '';
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
        this.#settle();
        return [event];
      case 'tool-use-start':
        return this.#isFull() ? [this.finish('max-tokens', undefined, '')] : [event];
      case 'tool-use-delta':
        this.#tail += event.json.plain;
        if (this.#tail.length > SETTLE_CHARACTERS) this.#settle();
        return [event];
      case 'tool-use-end':
        this.#settle();
        return [event];
      case 'reply-start':
      case 'redacted-reasoning':
      case 'source':
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
    const piece = event.text.plain;
    if (this.#tokensWith(this.#tail + piece) <= this.#limit) {
      this.#tail += piece;
      if (this.#tail.length > SETTLE_CHARACTERS) this.#settle();
      return [event];
    }
    const kept = this.#fitting(piece);
    const { index } = event;
    const end: ReplyEvent =
      this.#open === 'reasoning' ? { type: 'reasoning-end', index, signature: undefined } : { type: 'text-end', index };
    const delta: ReplyEvent[] = kept === '' ? [] : [{ ...event, text: TextPiece.plain(kept) }];
    return [...delta, end, this.finish('max-tokens', undefined, kept)];
  }

  /** The longest beginning of `piece` within the limit, whole characters only. */
  #fitting(piece: string): string {
    let low = 0;
    let high = piece.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#tokensWith(this.#tail + piece.slice(0, middle)) <= this.#limit) low = middle;
      else high = middle - 1;
    }
    const splitsPair = /[\uD800-\uDBFF]/.test(piece.charAt(low - 1));
    return piece.slice(0, splitsPair ? low - 1 : low);
  }

  #isFull(): boolean {
    return this.#tokensWith(this.#tail) >= this.#limit;
  }

  #tokensWith(tail: string): number {
    return this.#settledTokens + estimateTokens(tail);
  }

  #settle(): void {
    this.#settledTokens += estimateTokens(this.#tail);
    this.#tail = '';
  }
}
