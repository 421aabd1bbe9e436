/**
 * Escapes what JSON forbids inside strings while a tool's input streams by: raw control characters, and backslashes
 * that begin no escape (`C:\Users`). Valid JSON passes through unchanged, so only input that would not parse is altered.
 *
 * A model that forgot to escape one backslash of a string may have forgotten others: in `C:\Users\new` the `\n` is either
 * a line break or the start of a folder's name. Such a string is ambiguous, and its call must not be made.
 */
import { TextPiece } from '../../core/text.ts';

type State = 'outside' | 'inside' | 'escape' | 'unicode';

export class StringRepair {
  #state: State = 'outside';
  /** `u` and the hex digits so far: whether they are an escape is known only with the fourth digit. */
  #unicode = '';
  #hasStrayBackslash = false;
  #hasEscape = false;
  #isRepaired = false;
  #isAmbiguous = false;

  /** Something was escaped. */
  get isRepaired(): boolean {
    return this.#isRepaired;
  }

  /** The repaired input is only one of two ways to read it. */
  get isAmbiguous(): boolean {
    return this.#isAmbiguous;
  }

  /** The fragment, repaired. Up to five characters of it may be held back until the next one. */
  push(fragment: TextPiece): TextPiece {
    // Escaped text without a backslash has no quotes, backslashes or control characters in it.
    const isPlain = this.#state === 'outside' || this.#state === 'inside';
    if (isPlain && !fragment.escaped.includes('\\')) return fragment;
    const { plain } = fragment;
    const repaired = this.#read(plain);
    return repaired === plain ? fragment : TextPiece.plain(repaired);
  }

  #read(text: string): string {
    let out = '';
    let copied = 0;
    let at = 0;
    while (at < text.length) {
      const character = text.charAt(at);
      const insertion = this.#step(character);
      if (insertion === undefined) {
        at += 1;
        continue;
      }
      out += text.slice(copied, at) + insertion.text;
      if (insertion.consumes) at += 1;
      copied = at;
    }
    return out + text.slice(copied);
  }

  /** What to write before the character, or instead of it; undefined: the character stands as it is. */
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
    // An escaped quote has one reading: were it the end of the string, what follows would not be JSON.
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

  /** The backslash has been written already; a second one makes it stand for itself. */
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

interface Insertion {
  readonly text: string;
  /** The character is replaced by `text`, which is empty while the character is held back. */
  readonly consumes: boolean;
}
