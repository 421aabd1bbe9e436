/**
 * Escapes what JSON forbids inside strings while a tool's input streams through: raw control characters, and backslashes
 * that do not begin an escape (`C:\Users`). Valid JSON passes unchanged, so only input that would not parse is altered.
 *
 * A model that failed to escape one backslash in a string may have failed again: in `C:\Users\new` the `\n` is either a
 * line break or the start of a folder's name. Such a string is ambiguous, and its call must not be made.
 */
import { TextPiece } from '../../core/text.ts';

type State = 'outside' | 'inside' | 'escape' | 'unicode';

export class StringRepair {
  #state: State = 'outside';
  /** `u` and the hex digits so far; only the fourth digit completes the escape. */
  #unicode = '';
  #hasStrayBackslash = false;
  #hasEscape = false;
  #isRepaired = false;
  #isAmbiguous = false;

  /** Something was escaped. */
  get isRepaired(): boolean {
    return this.#isRepaired;
  }

  /** The repaired input is only one of two readings. */
  get isAmbiguous(): boolean {
    return this.#isAmbiguous;
  }

  /** Returns the repaired fragment. Up to five characters may be buffered until the next one. */
  push(fragment: TextPiece): TextPiece {
    // Escaped text without a backslash contains no quotes or control characters.
    const isPlain = this.#state === 'outside' || this.#state === 'inside';
    if (isPlain && !fragment.escaped.includes('\\')) return fragment;
    const { plain } = fragment;
    const repaired = this.#read(plain);
    return repaired === plain ? fragment : TextPiece.plain(repaired);
  }

  #read(text: string): string {
    let out = '';
    let copied = 0;
    let at = this.#next(text, 0);
    while (at < text.length) {
      const insertion = this.#step(text.charAt(at));
      if (insertion) {
        out += text.slice(copied, at) + insertion.text;
        copied = insertion.consumes ? at + 1 : at;
      }
      at = this.#next(text, insertion ? copied : at + 1);
    }
    return out + text.slice(copied);
  }

  /** The position of the next character that means something in this state, or the end. */
  #next(text: string, from: number): number {
    switch (this.#state) {
      case 'outside': {
        const quote = text.indexOf('"', from);
        return quote < 0 ? text.length : quote;
      }
      case 'inside': {
        let at = from;
        while (at < text.length && isPlain(text.charCodeAt(at))) at += 1;
        return at;
      }
      case 'escape':
      case 'unicode':
        return from;
    }
  }

  /** What to write before the character, or instead of it; undefined: write the character unchanged. */
  #step(character: string): Insertion | undefined {
    switch (this.#state) {
      case 'outside':
        if (character === '"') this.#beginString();
        return undefined;
      case 'inside':
        return this.#inside(character);
      case 'escape':
        return this.#escape(character);
      case 'unicode':
        return this.#unicodeDigit(character);
    }
  }

  #beginString(): void {
    this.#state = 'inside';
    this.#hasStrayBackslash = false;
    this.#hasEscape = false;
  }

  #inside(character: string): Insertion | undefined {
    if (character === '"') this.#state = 'outside';
    else if (character === '\\') this.#state = 'escape';
    else if (character < ' ') {
      this.#isRepaired = true;
      return { text: JSON.stringify(character).slice(1, -1), consumes: true };
    }
    return undefined;
  }

  #escape(character: string): Insertion | undefined {
    if (character === 'u') {
      this.#state = 'unicode';
      this.#unicode = character;
      return { text: '', consumes: true };
    }
    this.#state = 'inside';
    // An escaped quote has one reading: if it ended the string, what follows would not be JSON.
    if (character === '"') return undefined;
    if (!'\\/bfnrt'.includes(character)) return this.#strayBackslash('');
    this.#noteEscape();
    return undefined;
  }

  #unicodeDigit(character: string): Insertion | undefined {
    const unicode = this.#unicode;
    if (!/[\dA-Fa-f]/.test(character)) return this.#strayBackslash(unicode);
    this.#unicode += character;
    if (unicode.length < 4) return { text: '', consumes: true };
    this.#state = 'inside';
    this.#noteEscape();
    return { text: this.#unicode, consumes: true };
  }

  /** The backslash is already written; a second one makes it a literal backslash. */
  #strayBackslash(following: string): Insertion {
    this.#state = 'inside';
    this.#isRepaired = true;
    this.#hasStrayBackslash = true;
    this.#isAmbiguous ||= this.#hasEscape;
    return { text: `\\${following}`, consumes: false };
  }

  #noteEscape(): void {
    this.#hasEscape = true;
    this.#isAmbiguous ||= this.#hasStrayBackslash;
  }
}

/** Neither a quote nor a backslash nor a control character. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code !== 0x22 && code !== 0x5c;
}

interface Insertion {
  readonly text: string;
  /** The character is replaced by `text`, which is empty while the character is buffered. */
  readonly consumes: boolean;
}
