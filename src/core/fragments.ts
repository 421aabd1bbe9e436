/**
 * A text that arrives in many short fragments and is needed whole.
 *
 * Some fragments are cut from a much longer string, which stays in memory with them, and each string has its own
 * overhead. So they are joined now and then, into strings that are not joined again until the end.
 */
export class Fragments {
  readonly #joined: string[] = [];
  #recent: string[] = [];

  push(fragment: string): void {
    this.#recent.push(fragment);
    if (this.#recent.length < MAX_RECENT) return;
    this.#joined.push(this.#recent.join(''));
    this.#recent = [];
  }

  get isEmpty(): boolean {
    return this.#recent.length === 0 && this.#joined.length === 0;
  }

  toString(): string {
    return this.#joined.join('') + this.#recent.join('');
  }
}

const MAX_RECENT = 64;
