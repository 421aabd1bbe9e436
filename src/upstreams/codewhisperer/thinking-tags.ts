/**
 * Extracts `<thinking>…</thinking>` from the text of models without native reasoning, wherever the fragments are cut.
 * A tag that is quoted or in code is plain text.
 *
 * Text that could still become a tag is buffered, as is leading white space, which belongs to a tag after it.
 */
import { CodeFence } from './code-fence.ts';

export interface ThinkingSink {
  text(text: string): void;
  reasoning(text: string): void;
  /** Only after reasoning. */
  reasoningEnd(): void;
}

const OPEN = '<thinking>';
const CLOSE = '</thinking>';

export class ThinkingTags {
  readonly #sink: ThinkingSink;
  #buffered = '';
  #thinking = false;
  #code = new CodeSpans();
  /** The last character before the buffered text. */
  #previous = '';
  /** Line breaks next to a tag belong to the tag: one after the opening, all after the closing. */
  #skipBreaks: 'none' | 'one' | 'all' = 'none';
  /** Part of the current text or reasoning has been emitted. */
  #hasOutput = false;

  constructor(sink: ThinkingSink) {
    this.#sink = sink;
  }

  push(fragment: string): void {
    let rest = this.#buffered + fragment;
    this.#buffered = '';
    while (rest !== '') {
      // Possibly the first half of the line break after the opening tag.
      if (this.#skipBreaks === 'one' && rest === '\r') break;
      rest = this.#withoutBreaks(rest);
      if (rest === '') break;
      const used = this.#thinking ? this.#readReasoning(rest) : this.#readText(rest);
      if (used === 0) break;
      rest = rest.slice(used);
    }
    this.#buffered = rest;
  }

  /** The text has ended: the buffered text was not a tag, and open reasoning ends here. */
  flush(): void {
    const buffered = this.#buffered;
    this.#buffered = '';
    if (this.#thinking) {
      // A complete closing tag was buffered only to see whether a quote follows it.
      if (buffered !== '' && buffered !== CLOSE) this.#think(buffered);
      this.#endReasoning();
    } else if (this.#hasOutput || buffered.trim() !== '') {
      if (buffered !== '') this.#sink.text(buffered);
    }
    this.#thinking = false;
    this.#hasOutput = false;
    this.#skipBreaks = 'none';
    this.#previous = '';
    this.#code = new CodeSpans();
  }

  /** Both readers return how many characters they consumed; 0 means that more text is needed. */
  #readText(text: string): number {
    const start = this.#hasOutput ? 0 : text.search(/\S/);
    if (start < 0) return 0;
    for (let at = start; at < text.length; at++) {
      const character = text.charAt(at);
      if (character === '<' && !this.#code.isOpen && !isQuote(at > 0 ? text.charAt(at - 1) : this.#previous)) {
        const found = tagAt(text, at, OPEN);
        if (found !== 'no') return this.#stopBefore(text, at, start, found);
      }
      this.#code.read(character);
    }
    this.#say(text);
    return text.length;
  }

  #stopBefore(text: string, at: number, start: number, found: 'complete' | 'partial'): number {
    if (at > start) this.#say(text.slice(0, at));
    if (found === 'partial') return at > start ? at : 0;
    this.#enter(true);
    return at + OPEN.length;
  }

  #readReasoning(text: string): number {
    for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
      const found = this.#closingTagAt(text, at);
      if (found === 'no') continue;
      if (at > 0) this.#think(text.slice(0, at));
      if (found === 'partial') return at;
      this.#endReasoning();
      this.#enter(false);
      return at + CLOSE.length;
    }
    this.#think(text);
    return text.length;
  }

  /** Reasoning may end in a quote or a fence; only a tag with quotes on both sides is plain text. */
  #closingTagAt(text: string, at: number): 'complete' | 'partial' | 'no' {
    const found = tagAt(text, at, CLOSE);
    const before = at > 0 ? text.charAt(at - 1) : this.#previous;
    if (found !== 'complete' || !isQuote(before)) return found;
    const after = text.charAt(at + CLOSE.length);
    if (after === '') return 'partial';
    return after === closingQuote(before) ? 'no' : 'complete';
  }

  #enter(thinking: boolean): void {
    this.#thinking = thinking;
    this.#skipBreaks = thinking ? 'one' : 'all';
    this.#previous = '';
    this.#hasOutput = false;
    this.#code = new CodeSpans();
  }

  #say(text: string): void {
    this.#hasOutput = true;
    this.#previous = text.at(-1) ?? '';
    this.#sink.text(text);
  }

  #endReasoning(): void {
    if (this.#hasOutput) this.#sink.reasoningEnd();
  }

  #think(text: string): void {
    this.#hasOutput = true;
    this.#previous = text.at(-1) ?? '';
    this.#sink.reasoning(text);
  }

  #withoutBreaks(text: string): string {
    if (this.#skipBreaks === 'none') return text;
    const rest = text.replace(this.#skipBreaks === 'one' ? /^\r?\n/ : /^[\r\n]+/, '');
    if (this.#skipBreaks === 'one' || rest !== '') this.#skipBreaks = 'none';
    return rest;
  }
}

/** Whether the tag is at this position, or the text ends inside it. */
function tagAt(text: string, at: number, tag: string): 'complete' | 'partial' | 'no' {
  if (text.startsWith(tag, at)) return 'complete';
  return text.length - at < tag.length && tag.startsWith(text.slice(at)) ? 'partial' : 'no';
}

const OPENING_QUOTES = '"\'`\\“‘«「『';
const CLOSING_QUOTES = '"\'`\\”’»」』';

function isQuote(character: string): boolean {
  return character !== '' && OPENING_QUOTES.includes(character);
}

function closingQuote(opening: string): string {
  return CLOSING_QUOTES.charAt(OPENING_QUOTES.indexOf(opening));
}

/** Follows Markdown closely enough to know whether a position is inside a code fence or between back-ticks. */
class CodeSpans {
  readonly #fence = new CodeFence();
  /** Length of the run of back-ticks that opened the span; 0 outside one. Ends with its line at the latest. */
  #span = 0;
  #run = '';
  #runLength = 0;
  #runBeginsLine = false;
  /** Only white space and quotation marks so far in this line. */
  #lineIsBlank = true;

  get isOpen(): boolean {
    this.#endRun();
    return this.#fence.isOpen || this.#span > 0;
  }

  read(character: string): void {
    if (character !== this.#run) this.#endRun();
    if (character === '`' || character === '~') {
      if (this.#runLength === 0) this.#runBeginsLine = this.#lineIsBlank;
      this.#run = character;
      this.#runLength += 1;
      this.#lineIsBlank = false;
    } else if (character === '\n') {
      this.#lineIsBlank = true;
      this.#span = 0;
    } else if (character !== ' ' && character !== '\t' && character !== '>') {
      this.#lineIsBlank = false;
    }
  }

  #endRun(): void {
    const [character, length] = [this.#run, this.#runLength];
    this.#run = '';
    this.#runLength = 0;
    if (length === 0) return;
    if (length >= 3 && this.#runBeginsLine) {
      this.#fence.read(character, length);
    } else if (!this.#fence.isOpen && character === '`') {
      if (this.#span === 0) this.#span = length;
      else if (this.#span === length) this.#span = 0;
    }
  }
}
