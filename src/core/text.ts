/**
 * A piece of a reply's text, held either plain or JSON-escaped (the inside of a JSON string, without its quotes),
 * as it arrived. The other form is computed on first use.
 *
 * Why: the upstream's frames and both client protocols embed text in JSON with the same escaping, so the usual delta
 * is copied from one to the other without parsing. Only callers that read `plain` pay for parsing.
 */
export class TextPiece {
  #plain: string | undefined;
  #escaped: string | undefined;

  private constructor(plain: string | undefined, escaped: string | undefined) {
    this.#plain = plain;
    this.#escaped = escaped;
  }

  static plain(text: string): TextPiece {
    return new TextPiece(text, undefined);
  }

  /** `escaped` must be the inside of a valid JSON string, as the decoder guarantees. */
  static escaped(escaped: string): TextPiece {
    return new TextPiece(undefined, escaped);
  }

  get plain(): string {
    this.#plain ??= unescaped(this.#escaped ?? '');
    return this.#plain;
  }

  get escaped(): string {
    this.#escaped ??= JSON.stringify(this.#plain).slice(1, -1);
    return this.#escaped;
  }

  get isEmpty(): boolean {
    return (this.#plain ?? this.#escaped) === '';
  }

  toJSON(): string {
    return this.plain;
  }
}

function unescaped(escaped: string): string {
  return escaped.includes('\\') ? JSON.parse(`"${escaped}"`) : escaped;
}

/**
 * The pieces as one text, for what is written often: V8 keeps a concatenation as a tree of its pieces, which it walks each time,
 * and `join` copies them.
 */
export function flatText(...pieces: readonly string[]): string {
  return pieces.join('');
}
