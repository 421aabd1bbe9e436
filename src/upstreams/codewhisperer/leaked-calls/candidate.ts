/** Text which may turn out to be a printed tool call, while it comes. Each character is looked at a few times at most. */
import type { Tool } from '../../../core/conversation.ts';
import { FORMS, type LeakedCall } from './forms.ts';
import { MAX_HEAD_CHARS, mayBecomeCall, mayFollowCall, readCalls } from './read.ts';

/** Longer than any file an agent writes in one call. */
const MAX_CHARS = 1024 * 1024;
/** So many tags inside of arguments are looked at; after that the end of the text decides. */
const MAX_LOOKS = 32;
const SHORT_CHARS = 2 * MAX_HEAD_CHARS;

const CLOSINGS = FORMS.flatMap(({ closings }) => closings);
const LONGEST_CLOSING = Math.max(...CLOSINGS.map((closing) => closing.length));

export class Candidate {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #pieces: string[] = [];
  #chars = 0;
  /** The last characters before the piece at hand, in which a closing tag may have begun. */
  #tail = '';
  /** Text since the last closing tag; undefined where there is none, or it was found to be part of an argument. */
  #after: string | undefined;
  #looks = 0;

  constructor(tools: ReadonlyMap<string, Tool>) {
    this.#tools = tools;
  }

  get text(): string {
    return this.#pieces.join('');
  }

  get isTooLong(): boolean {
    return this.#chars > MAX_CHARS;
  }

  /** False: this is no call, whatever may come. */
  add(piece: string): boolean {
    const wasShort = this.#chars < SHORT_CHARS;
    this.#pieces.push(piece);
    this.#chars += piece.length;
    if (this.isTooLong || (wasShort && !mayBecomeCall(this.text, this.#tools))) return false;
    this.#followClosing(piece);
    const after = this.#after;
    if (after === undefined || after.length > SHORT_CHARS) return true;
    return mayFollowCall(after, this.#tools) || !this.#isWholeBefore(after);
  }

  /** Once the text is over: the calls it consists of, if it does. */
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
    if (end > this.#tail.length && this.#looks < MAX_LOOKS) this.#after = recent.slice(end);
    else if (this.#after !== undefined) this.#after += piece;
    this.#tail = recent.slice(-LONGEST_CLOSING);
  }

  /** What comes after the tag is neither a call nor the end of one: was the tag the end of a call? Asked once a tag. */
  #isWholeBefore(after: string): boolean {
    this.#looks++;
    const text = this.text;
    const isWhole = readCalls(text.slice(0, text.length - after.length), this.#tools) !== undefined;
    if (!isWhole) this.#after = undefined;
    return isWhole;
  }
}
