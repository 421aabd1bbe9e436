/** Names that are unique in a conversation. A name in use gets the next free number, the same in every later turn. */
export class FreeNames {
  readonly #used = new Set<string>();
  /** By name: the last number that was tried. Lower ones stay in use, so thousands of repeats take one look each. */
  readonly #counts = new Map<string, number>();

  /** `numbered`: the name with a number from 2 on. */
  take(name: string, numbered: (count: number) => string): string {
    let free = name;
    let count = this.#counts.get(name) ?? 1;
    if (this.#used.has(name)) {
      do free = numbered(++count);
      while (this.#used.has(free));
      this.#counts.set(name, count);
    }
    this.#used.add(free);
    return free;
  }
}
