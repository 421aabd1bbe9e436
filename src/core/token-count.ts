/**
 * Estimates the number of tokens in a stream. Text is collected escaped, as it arrives, and counted in pieces of a
 * thousand characters, since counting each delta would cost more than forwarding it.
 */
import { TextPiece } from './text.ts';
import { estimateEscapedTokens, estimateTokens } from './tokens.ts';

const SETTLE_CHARS = 1_000;

export class TokenCount {
  #settled = 0;
  /** Concatenated insides of JSON strings, which is itself the inside of a JSON string. */
  #tail = '';

  add(text: TextPiece): void {
    this.#tail += text.escaped;
    if (this.#tail.length > SETTLE_CHARS) this.settle();
  }

  /** Marks the end of a text: what follows does not continue it. */
  settle(): void {
    if (this.#tail === '') return;
    this.#settled += estimateEscapedTokens(this.#tail);
    this.#tail = '';
  }

  get total(): number {
    return this.#tail === '' ? this.#settled : this.#settled + estimateEscapedTokens(this.#tail);
  }

  totalWith(text: string): number {
    const tail = TextPiece.escaped(this.#tail).plain + text;
    return tail === '' ? this.#settled : this.#settled + estimateTokens(tail);
  }

  /** A cheap upper bound for `totalWith`: no character costs more than a token. */
  atMostWith(text: TextPiece): number {
    return this.#settled + this.#tail.length + text.escaped.length + 1;
  }
}
