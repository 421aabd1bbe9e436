/** Finds the end of a JSON object that arrives in parts. Parsing it after each of them would read the first part once for each. */
export class ObjectEnd {
  #depth = 0;
  #hasEnded = false;
  #place: 'outside' | 'string' | 'escape' = 'outside';

  /**
   * `text`: the next part. Whether the object ends in it. Other text may seem to end too, but what follows the first end
   * cannot make an object of the whole.
   */
  isIn(text: string): boolean {
    for (let at = 0; at < text.length && !this.#hasEnded; at += 1) {
      this.#read(text.charCodeAt(at));
      if (this.#hasEnded) return true;
    }
    return false;
  }

  #read(character: number): void {
    if (this.#place === 'outside') this.#readOutside(character);
    else if (this.#place === 'escape') this.#place = 'string';
    else if (character === QUOTE) this.#place = 'outside';
    else if (character === BACKSLASH) this.#place = 'escape';
  }

  #readOutside(character: number): void {
    if (character === QUOTE) this.#place = 'string';
    else if (character === OPENING) this.#depth += 1;
    else if (character === CLOSING) {
      this.#depth -= 1;
      this.#hasEnded = this.#depth === 0;
    }
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = 0x7b;
const CLOSING = 0x7d;
