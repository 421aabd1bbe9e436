/** Whether Markdown text is inside a code fence. Source: https://spec.commonmark.org/0.31.2/#fenced-code-blocks */
export class CodeFence {
  #open: { readonly character: string; readonly length: number } | undefined;

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** A run of three or more back-ticks or tildes at the start of a line. Only one of its kind and length closes a fence. */
  read(character: string, length: number): void {
    if (!this.#open) this.#open = { character, length };
    else if (this.#open.character === character && length >= this.#open.length) this.#open = undefined;
  }
}
