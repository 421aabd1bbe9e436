/** The simulator's reproducible randomness: the same seed gives the same ids, cuts and fragments. */
import { createHash } from 'node:crypto';

export class Chance {
  readonly #seed: string;
  #state: number;
  #digests = 0;

  constructor(seed: string) {
    this.#seed = seed;
    this.#state = hash(seed).readUInt32LE(0);
  }

  /** From 0 (inclusive) to 1 (exclusive), by mulberry32. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Both bounds inclusive. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  uuid(): string {
    const hex = this.#digest().toString('hex');
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-');
  }

  /** URL-safe characters. */
  token(chars: number): string {
    let token = '';
    while (token.length < chars) token += this.#digest().toString('base64url');
    return token.slice(0, chars);
  }

  /** Letters, without those that look alike. */
  letters(chars: number): string {
    return Array.from({ length: chars }, () => LETTERS[this.integer(0, LETTERS.length - 1)]).join('');
  }

  #digest(): Buffer {
    this.#digests += 1;
    return hash(`${this.#seed}#${this.#digests}`);
  }
}

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
