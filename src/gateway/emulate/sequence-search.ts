/**
 * Finds the first of several sequences in a text that is read character by character. The time for a character does not
 * depend on how many sequences there are, how long they are, or how much of them the text repeats.
 * Source: Aho and Corasick, "Efficient string matching", 1975.
 */
export class SequenceSearch {
  /** Of each state, by the character that leads from it to the next. A state stands for the beginning of a sequence. */
  readonly #next = new Map<number, number>();
  /** The state of the longest end of this beginning that begins a sequence too. */
  readonly #shorter: number[] = [0];
  /** The number of characters in a state's beginning. */
  readonly #lengths: number[] = [0];
  /** The longest sequence that a state's beginning ends with. */
  readonly #complete: (string | undefined)[] = [undefined];
  #state = 0;

  /** `sequences`: none of them empty. */
  constructor(sequences: readonly string[]) {
    const parents: number[] = [0];
    const codes: number[] = [0];
    let level: readonly { sequence: string; state: number }[] = sequences.map((sequence) => ({ sequence, state: 0 }));
    for (let at = 0; level.length > 0; at += 1) {
      // Shorter beginnings first: each is needed for those that are longer by one.
      const first = this.#lengths.length;
      level = level.map(({ sequence, state }) => {
        const code = sequence.charCodeAt(at);
        return { sequence, state: this.#next.get(key(state, code)) ?? this.#add(state, code, parents, codes) };
      });
      for (let state = first; state < this.#lengths.length; state += 1) this.#link(state, parents, codes);
      for (const { sequence, state } of level) if (sequence.length === at + 1) this.#complete[state] = sequence;
      level = level.filter(({ sequence }) => sequence.length > at + 1);
    }
  }

  /** The number of characters read last that may become a sequence. */
  get begun(): number {
    return this.#lengths[this.#state] ?? 0;
  }

  /** Reads a character (a UTF-16 code unit). The sequence that it completes; the longest, if there are several. */
  read(code: number): string | undefined {
    this.#state = this.#after(this.#state, code);
    return this.#complete[this.#state];
  }

  /** What is read from now on has nothing to do with what was read before. */
  restart(): void {
    this.#state = 0;
  }

  #add(parent: number, code: number, parents: number[], codes: number[]): number {
    const state = this.#lengths.length;
    this.#next.set(key(parent, code), state);
    this.#lengths.push((this.#lengths[parent] ?? 0) + 1);
    parents.push(parent);
    codes.push(code);
    return state;
  }

  #link(state: number, parents: readonly number[], codes: readonly number[]): void {
    const parent = parents[state] ?? 0;
    const shorter = parent === 0 ? 0 : this.#after(this.#shorter[parent] ?? 0, codes[state] ?? 0);
    this.#shorter[state] = shorter;
    this.#complete[state] = this.#complete[shorter];
  }

  #after(state: number, code: number): number {
    for (let from = state; ; from = this.#shorter[from] ?? 0) {
      const next = this.#next.get(key(from, code));
      if (next !== undefined) return next;
      if (from === 0) return 0;
    }
  }
}

function key(state: number, code: number): number {
  return state * 0x10000 + code;
}
