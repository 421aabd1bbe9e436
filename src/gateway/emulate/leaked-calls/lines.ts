/** Follows text line by line, as far as needed to know where a line begins and whether a code fence is open. */
export class Lines {
  #fence: string | undefined;
  /** Of the line at hand, as much as can matter. */
  #line = '';

  /** Only white space, of less than an indented code block, stands before this place, and no fence is open. */
  get atFreeLineStart(): boolean {
    return this.#fence === undefined && /^ {0,3}$/.test(this.#line);
  }

  read(text: string): void {
    const lines = text.split('\n');
    for (const [i, part] of lines.entries()) {
      if (this.#line.length < MAX_LINE_CHARS) this.#line += part.slice(0, MAX_LINE_CHARS);
      if (i < lines.length - 1) this.#endLine();
    }
  }

  /** Text without a line break, and without anything that could open a fence. */
  readPlain(text: string): void {
    if (this.#line.length < MAX_LINE_CHARS) this.#line += text.slice(0, MAX_LINE_CHARS);
  }

  #endLine(): void {
    const [, fence] = /^[ \t>]*(`{3,}|~{3,})/.exec(this.#line) ?? [];
    this.#line = '';
    if (fence === undefined) return;
    if (this.#fence === undefined) this.#fence = fence;
    else if (fence.startsWith(this.#fence)) this.#fence = undefined;
  }
}

const MAX_LINE_CHARS = 64;
