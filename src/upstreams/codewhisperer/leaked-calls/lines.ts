/** Follows text line by line, as far as needed to know where a line begins and whether a code fence is open. */
export class Lines {
  #fence: string | undefined;
  /** The beginning of the line at hand, as long as it can still matter. */
  #line = '';
  /** What has come of the line is neither indentation nor the beginning of a fence: the rest of it does not matter. */
  #settled = false;

  /** Only white space, of less than an indented code block, stands before this place, and no fence is open. */
  get atFreeLineStart(): boolean {
    return !this.#settled && this.#fence === undefined && /^ {0,3}$/.test(this.#line);
  }

  /** Nothing matters before the next line. */
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
    if (fence === undefined) return;
    if (this.#fence === undefined) this.#fence = fence;
    else if (fence.startsWith(this.#fence)) this.#fence = undefined;
  }
}

const MAX_LINE_CHARS = 64;
