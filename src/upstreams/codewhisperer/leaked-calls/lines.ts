/** Tracks where a line begins and whether a code fence is open. */
import { CodeFence } from '../code-fence.ts';

export class Lines {
  readonly #fence = new CodeFence();
  /** The start of the current line, while it can still matter. */
  #line = '';
  /** The line does not begin with indentation or a fence, so the rest of it does not matter. */
  #settled = false;

  /** At the start of a line or after less white space than an indented code block has, with no fence open. */
  get atFreeLineStart(): boolean {
    return !this.#settled && !this.#fence.isOpen && /^ {0,3}$/.test(this.#line);
  }

  /** Nothing matters until the next line. */
  get isSettled(): boolean {
    return this.#settled;
  }

  read(text: string): void {
    const lines = text.split('\n');
    for (const [i, part] of lines.entries()) {
      if (!this.#settled) this.#add(part);
      if (i < lines.length - 1) this.#endLine();
    }
  }

  #add(part: string): void {
    this.#line += part.slice(0, MAX_LINE_CHARS);
    this.#settled = this.#line.length > MAX_LINE_CHARS || !/^[ \t>]*(?:`*|~*)$/.test(this.#line);
  }

  #endLine(): void {
    const [, fence] = /^[ \t>]*(`{3,}|~{3,})/.exec(this.#line) ?? [];
    this.#line = '';
    this.#settled = false;
    if (fence !== undefined) this.#fence.read(fence.charAt(0), fence.length);
  }
}

const MAX_LINE_CHARS = 64;
