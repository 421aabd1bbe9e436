/**
 * How many tokens have gone by, by our own estimate. Text is gathered as it came, escaped, and counted a piece of a
 * thousand characters at a time: counting each delta by itself would cost more than passing it on.
 */
import { TextPiece } from './text.ts';
import { estimateTokens } from './tokens.ts';

const SETTLE_CHARS = 1_000;

export class TokenCount {
  #settled = 0;
  /** The insides of JSON strings, and so is their concatenation. */
  #tail = '';

  add(text: TextPiece): void {
    this.#tail += text.escaped;
    if (this.#tail.length > SETTLE_CHARS) this.settle();
  }

  /** What comes next is no continuation of what came before. */
  settle(): void {
    if (this.#tail === '') return;
    this.#settled += estimateTokens(this.#tailText);
    this.#tail = '';
  }

  get total(): number {
    return this.totalWith('');
  }

  totalWith(text: string): number {
    const tail = this.#tailText + text;
    return tail === '' ? this.#settled : this.#settled + estimateTokens(tail);
  }

  /** Cheap, and never less than what `totalWith` would say: no character costs more than a token. */
  atMostWith(text: TextPiece): number {
    return this.#settled + this.#tail.length + text.escaped.length + 1;
  }

  get #tailText(): string {
    return this.#tail === '' ? '' : TextPiece.escaped(this.#tail).plain;
  }
}
