/**
 * Generates a text that matches a regular expression of the common subset: literals, classes, groups,
 * alternatives, quantifiers. Look-around and back references are skipped, so the caller checks the result.
 */

/** Undefined for an invalid expression. */
export function sampleOf(pattern: string): string | undefined {
  try {
    return new Sampler(pattern).sample();
  } catch {
    return undefined;
  }
}

/** Cap for an unbounded or huge repetition. */
const MAX_TIMES = 1_000;

class Sampler {
  readonly #chars: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#chars = [...pattern];
  }

  sample(): string {
    const text = this.#alternatives();
    if (this.#at < this.#chars.length) throw new SyntaxError('an unmatched parenthesis');
    return text;
  }

  /** The first non-empty alternative. */
  #alternatives(): string {
    const texts = [this.#sequence()];
    while (this.#skip('|')) texts.push(this.#sequence());
    return texts.find((text) => text !== '') ?? '';
  }

  #sequence(): string {
    let text = '';
    while (this.#at < this.#chars.length && this.#peek !== '|' && this.#peek !== ')') {
      const atom = this.#atom();
      const times = this.#quantifier();
      text += atom.repeat(times);
    }
    return text;
  }

  #atom(): string {
    const char = this.#take();
    switch (char) {
      case '^':
      case '$':
        return '';
      case '.':
        return 'a';
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
      default:
        return char;
    }
  }

  #group(): string {
    const look = this.#skip('?') ? this.#groupKind() : '';
    const text = this.#alternatives();
    if (!this.#skip(')')) throw new SyntaxError('a group without an end');
    return look === 'look' ? '' : text;
  }

  /** `(?:`, `(?<name>` or a look-around. */
  #groupKind(): 'look' | '' {
    if (this.#skip(':')) return '';
    const isNamed = this.#skip('<') && this.#peek !== '=' && this.#peek !== '!';
    if (!isNamed) {
      this.#take();
      return 'look';
    }
    while (this.#take() !== '>');
    return '';
  }

  #class(): string {
    const isNegated = this.#skip('^');
    const members: string[] = [];
    while (!this.#skip(']')) {
      const char = this.#take();
      members.push(char === '\\' ? this.#escape() : char);
      if (this.#peek === '-' && this.#chars[this.#at + 1] !== ']') {
        this.#take();
        const end = this.#take();
        if (isNegated) members.push(...rangeOf(members.at(-1) ?? '', end === '\\' ? this.#escape() : end));
      }
    }
    if (!isNegated) return members[0] ?? '';
    return [...'a0_- Z'].find((char) => !members.includes(char)) ?? '\u00e9';
  }

  #escape(): string {
    const char = this.#take();
    const known = ESCAPES[char];
    if (known !== undefined) return known;
    if (char === 'u' || char === 'x') return this.#codePoint(char === 'u' ? 4 : 2);
    if (char === 'p' || char === 'P') {
      while (this.#take() !== '}');
      return 'a';
    }
    return char;
  }

  #codePoint(digits: number): string {
    let hex = '';
    if (this.#skip('{')) while (!this.#skip('}')) hex += this.#take();
    else for (let i = 0; i < digits; i++) hex += this.#take();
    return String.fromCodePoint(Number.parseInt(hex, 16));
  }

  /** The minimum number of repetitions, but one if both zero and one are allowed. */
  #quantifier(): number {
    const times = this.#times();
    this.#skip('?');
    return times;
  }

  #times(): number {
    if (this.#skip('*') || this.#skip('+') || this.#skip('?')) return 1;
    if (this.#peek !== '{') return 1;
    const [text, least] = /^\{(\d+)(?:,\d*)?\}/.exec(this.#chars.slice(this.#at, this.#at + 20).join('')) ?? [];
    if (text === undefined) return 1;
    this.#at += text.length;
    return Math.min(Math.max(Number(least), text === '{0}' ? 0 : 1), MAX_TIMES);
  }

  get #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #skip(char: string): boolean {
    if (this.#peek !== char) return false;
    this.#at += 1;
    return true;
  }

  #take(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw new SyntaxError('an expression without an end');
    this.#at += 1;
    return char;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  d: '1',
  D: 'a',
  w: 'a',
  W: '-',
  s: ' ',
  S: 'a',
  b: '',
  B: '',
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  0: '\0',
};

function rangeOf(from: string, to: string): string[] {
  const [start = 0, end = 0] = [from.codePointAt(0), to.codePointAt(0)];
  return Array.from({ length: Math.min(Math.max(end - start, 0), 200) }, (_, at) =>
    String.fromCodePoint(start + at + 1),
  );
}
