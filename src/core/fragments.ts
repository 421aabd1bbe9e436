/**
 * A text that arrives in many short fragments and is needed whole.
 *
 * Some fragments are cut from a much longer string, which stays in memory with them, and each string has its own
 * overhead. So they are joined now and then, into strings that are not joined again until the end.
 */
export class Fragments {
  readonly #joined: string[] = [];
  #recent: string[] = [];
  #chars = 0;

  push(fragment: string): void {
    this.#recent.push(fragment);
    this.#chars += fragment.length;
    if (this.#recent.length < MAX_RECENT) return;
    this.#joined.push(this.#recent.join(''));
    this.#recent = [];
  }

  get isEmpty(): boolean {
    return this.#recent.length === 0 && this.#joined.length === 0;
  }

  get chars(): number {
    return this.#chars;
  }

  /** Without the first `start` characters. Looks at no more fragments than it returns. */
  from(start: number): string {
    const pieces: string[] = [];
    let missing = this.#chars - start;
    for (const list of [this.#recent, this.#joined]) {
      for (let at = list.length - 1; at >= 0 && missing > 0; at -= 1) {
        const piece = list[at] ?? '';
        pieces.push(piece.slice(Math.max(0, piece.length - missing)));
        missing -= piece.length;
      }
    }
    return pieces.reverse().join('');
  }

  toString(): string {
    return this.#joined.join('') + this.#recent.join('');
  }
}

const MAX_RECENT = 64;
