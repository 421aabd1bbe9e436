/**
 * Rewrites the strings and numbers of a JSON text and leaves every other byte as it is: white space, the order of members
 * and the spelling of escapes. A text that breaks off, as the arguments of a cut tool call do, is rewritten to its end.
 */

/** What the values of one place of a document mean. */
export interface Place {
  /** Replaces a string value. `path`: of the value, from the root. */
  string(text: string, path: Path): string;
  /** Replaces the digits of a number. */
  number?(digits: string): string;
  /** Replaces a member's key. */
  key(key: string): string;
  /** The place of a member's value, or of an element's (`key` is its index). `opens`: `{`, `[`, `"` or another value's first character. */
  inside(key: string | number, opens: string): Place;
}

export type Path = readonly (string | number)[];

/** undefined: the text is not JSON. */
export function rewriteJson(text: string, root: Place): string | undefined {
  const rewriting = new Rewriting(text);
  return rewriting.run(root) ? rewriting.result : undefined;
}

/** Deeper values are not rewritten but refused: no request that was accepted has them. */
const MAX_DEPTH = 500;

class Rewriting {
  result = '';
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(root: Place): boolean {
    if (!this.#value(root)) return false;
    this.#space();
    return this.#ended;
  }

  get #ended(): boolean {
    return this.#at >= this.#text.length;
  }

  #space(): void {
    this.#copy(/[ \t\r\n]*/y);
  }

  #copy(pattern: RegExp): string {
    const found = this.#match(pattern);
    this.result += found;
    return found;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #value(place: Place): boolean {
    this.#space();
    if (this.#ended) return true;
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#members('}', () => this.#member(place));
      case '[': {
        let index = 0;
        return this.#members(']', () => this.#child(place, index++));
      }
      case '"':
        return this.#string((text) => place.string(text, this.#path)) !== undefined;
      default:
        return this.#literal(place);
    }
  }

  #members(close: string, member: () => boolean): boolean {
    if (this.#path.length > MAX_DEPTH) return false;
    this.result += this.#text.charAt(this.#at++);
    for (let isFirst = true; ; isFirst = false) {
      this.#space();
      if (this.#ended) return true;
      if (this.#text.charAt(this.#at) === close) {
        this.result += close;
        this.#at++;
        return true;
      }
      if (!isFirst && this.#copy(/,/y) === '') return false;
      if (!member()) return false;
    }
  }

  #member(place: Place): boolean {
    this.#space();
    if (this.#ended) return true;
    if (this.#text.charAt(this.#at) !== '"') return false;
    const key = this.#string((text) => place.key(text));
    if (key === undefined) return false;
    this.#space();
    if (this.#ended) return true;
    return this.#copy(/:/y) !== '' && this.#child(place, key);
  }

  #child(place: Place, key: string | number): boolean {
    this.#space();
    this.#path.push(key);
    const isRead = this.#value(place.inside(key, this.#text.charAt(this.#at)));
    this.#path.pop();
    return isRead;
  }

  /** Returns the string as it was. */
  #string(replace: (text: string) => string): string | undefined {
    const start = this.#at + 1;
    const { end, whole } = endOfString(this.#text, start);
    const isClosed = this.#text.charAt(end) === '"';
    // An escape that breaks off with the text stays as it is.
    if (isClosed && whole < end) return undefined;
    const inside = this.#text.slice(start, whole);
    const text = unescaped(inside);
    if (text === undefined) return undefined;
    this.result += `"${escapeAs(inside, text, replace(text))}${this.#text.slice(whole, end)}${isClosed ? '"' : ''}`;
    this.#at = isClosed ? end + 1 : end;
    return text;
  }

  #literal(place: Place): boolean {
    const literal = this.#match(LITERAL);
    const isNumber = /^-?[0-9]/.test(literal);
    this.result += isNumber ? literal.replaceAll(/[0-9]+/g, (digits) => place.number?.(digits) ?? digits) : literal;
    return literal !== '';
  }
}

/** Or the beginning of one, at the end of the text. */
const LITERAL = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?:[.eE+-]+$)?|true|false|null|(?:-|tr?u?|fa?l?s?|nu?l?)$/y;

/** Where the string ends, and where its last whole unit does. */
function endOfString(text: string, start: number): { readonly end: number; readonly whole: number } {
  let at = start;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '"') return { end: at, whole: at };
    const length = char === '\\' ? (text.charAt(at + 1) === 'u' ? 6 : 2) : 1;
    if (at + length > text.length) return { end: text.length, whole: at };
    at += length;
  }
  return { end: at, whole: at };
}

function unescaped(inside: string): string | undefined {
  try {
    return JSON.parse(`"${inside}"`);
  } catch {
    return undefined;
  }
}

const UNIT = /\\u[0-9a-fA-F]{4}|\\.|[^\\]/gs;

function escapeUnit(code: number): string {
  return JSON.stringify(String.fromCharCode(code)).slice(1, -1);
}

/** The inside of a JSON string for `replacement`, each of whose units is spelt as the one of `inside` in its place. */
function escapeAs(inside: string, text: string, replacement: string): string {
  if (replacement === text) return inside;
  if (replacement.length !== text.length) return JSON.stringify(replacement).slice(1, -1);
  let spelt = '';
  let index = 0;
  for (const [unit] of inside.matchAll(UNIT)) {
    const code = replacement.charCodeAt(index);
    const isSame = code === text.charCodeAt(index);
    index++;
    if (isSame || Number.isNaN(code)) spelt += unit;
    else if (unit.startsWith('\\u')) spelt += `\\u${code.toString(16).padStart(4, '0')}`;
    else spelt += code === 0x22 || code === 0x5c || code < 0x20 ? escapeUnit(code) : String.fromCharCode(code);
  }
  return spelt;
}
