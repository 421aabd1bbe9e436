/** Incoming text that may be a printed tool call. Each character is scanned at most a few times. */
import type { Tool } from '../../../core/conversation.ts';
import { FORMS, type LeakedCall } from './forms.ts';
import { MAX_HEAD_CHARS, mayBecomeCall, mayFollowCall, readCalls } from './read.ts';

/** Longer than any file an agent writes in one call. */
const MAX_CHARS = 1024 * 1024;
/** Closing tags inside arguments to check; after that, the end of the text decides. */
const MAX_CHECKS = 32;
const SHORT_CHARS = 2 * MAX_HEAD_CHARS;

const CLOSINGS = FORMS.flatMap(({ closings }) => closings);
const LONGEST_CLOSING = Math.max(...CLOSINGS.map((closing) => closing.length));

export class Candidate {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #pieces: string[] = [];
  #chars = 0;
  /** The last characters before the current piece, in which a closing tag may have begun. */
  #tail = '';
  /** Text since the last closing tag; undefined if there is none or it was part of an argument. */
  #after: string | undefined;
  #checks = 0;

  constructor(tools: ReadonlyMap<string, Tool>) {
    this.#tools = tools;
  }

  get text(): string {
    return this.#pieces.join('');
  }

  get isTooLong(): boolean {
    return this.#chars > MAX_CHARS;
  }

  /** false: this cannot become a call. */
  add(piece: string): boolean {
    const wasShort = this.#chars < SHORT_CHARS;
    this.#pieces.push(piece);
    this.#chars += piece.length;
    if (this.isTooLong || (wasShort && !mayBecomeCall(this.text, this.#tools))) return false;
    this.#followClosing(piece);
    const after = this.#after;
    if (after === undefined || after.length > SHORT_CHARS) return true;
    return mayFollowCall(after, this.#tools) || !this.#isCompleteBefore(after);
  }

  /** At the end of the text: its calls, if it consists of nothing else. */
  calls(): readonly LeakedCall[] | undefined {
    return readCalls(this.text, this.#tools);
  }

  #followClosing(piece: string): void {
    const recent = this.#tail + piece;
    const ends = CLOSINGS.map((closing) => {
      const at = recent.lastIndexOf(closing);
      return at < 0 ? 0 : at + closing.length;
    });
    const end = Math.max(...ends);
    if (end > this.#tail.length && this.#checks < MAX_CHECKS) this.#after = recent.slice(end);
    else if (this.#after !== undefined) this.#after += piece;
    this.#tail = recent.slice(-LONGEST_CLOSING);
  }

  /** Whether the tag ended a call; checked once per tag, if what follows it is neither a call nor the end of one. */
  #isCompleteBefore(after: string): boolean {
    this.#checks++;
    const text = this.text;
    const isComplete = readCalls(text.slice(0, text.length - after.length), this.#tools) !== undefined;
    if (!isComplete) this.#after = undefined;
    return isComplete;
  }
}
