/**
 * Estimates the number of tokens in a stream. Text is collected escaped, as it arrives, and counted in pieces of a
 * thousand characters, since counting each delta would cost more than forwarding it.
 */
import { TextPiece } from './text.ts';
import { estimateEscapedTokens, estimateTokens } from './tokens.ts';

const SETTLE_CHARS = 1_000;
/** Of a text that is not counted yet. V8 keeps a text that grows as its pieces, with 60 bytes and more for each. */
const MAX_PIECES = 16;

/** Of the last text that was counted. */
let latestText = '';
let latestTokens = 0;

/**
 * A reply with `max_tokens` is counted twice, for its usage and for its limit, and nearly always in the same pieces right after
 * each other. Comparing a piece takes a tenth of the time of counting it.
 */
function tokensOf(escaped: string): number {
  if (escaped !== latestText) {
    latestTokens = estimateEscapedTokens(escaped);
    latestText = escaped;
  }
  return latestTokens;
}

export class TokenCount {
  #settled = 0;
  /** Texts that have ended and are not counted yet: most limits are so far away that they never have to be. */
  #ended: string[] | undefined = undefined;
  #endedChars = 0;
  /** Concatenated insides of JSON strings, which is itself the inside of a JSON string. */
  #tail = '';
  /** That the tail consists of. */
  #pieces = 0;

  add(text: TextPiece): void {
    this.#tail += text.escaped;
    this.#pieces += 1;
    if (this.#tail.length > SETTLE_CHARS) this.settle();
    else if (this.#pieces === MAX_PIECES) this.#join();
  }

  /** Reading a character makes V8 join the pieces. What is read has to be used, or its compiler leaves the reading out. */
  #join(): void {
    this.#pieces = this.#tail.charCodeAt(0) === 0 ? 1 : 0;
  }

  /** Marks the end of a text: what follows does not continue it. */
  settle(): void {
    if (this.#tail === '') return;
    this.#ended ??= [];
    this.#ended.push(this.#tail);
    this.#endedChars += this.#tail.length;
    this.#tail = '';
    this.#pieces = 0;
    if (this.#endedChars > SETTLE_CHARS) this.#countEnded();
  }

  #countEnded(): void {
    for (const text of this.#ended ?? []) this.#settled += tokensOf(text);
    this.#ended = undefined;
    this.#endedChars = 0;
  }

  get total(): number {
    if (this.#ended) this.#countEnded();
    return this.#tail === '' ? this.#settled : this.#settled + tokensOf(this.#tail);
  }

  totalWith(text: string): number {
    if (this.#ended) this.#countEnded();
    const tail = TextPiece.escaped(this.#tail).plain + text;
    return tail === '' ? this.#settled : this.#settled + estimateTokens(tail);
  }

  /** A cheap upper bound for `totalWith`: no character costs more than a token. */
  atMostWith(text: TextPiece): number {
    return this.#atMost + text.escaped.length + 1;
  }

  /** Whether the total is at least this, which usually the upper bound says. */
  reaches(limit: number): boolean {
    return this.#atMost >= limit && this.total >= limit;
  }

  get #atMost(): number {
    return this.#settled + this.#endedChars + this.#tail.length;
  }
}
