/**
 * Small pieces of a stream in one buffer, each stored as its difference from an earlier one. The pieces of a stream resemble each
 * other: in the 200 bytes of a frame, only the 20 to 30 of its text are new, with its length and its checksums.
 *
 * Of each piece the buffer has three numbers (how many of its own bytes follow, and how many it shares with the beginning and with
 * the end of the pattern) and then its own bytes. A piece that shares nothing is the pattern of those after it.
 */
export interface PieceForm {
  /** Bytes at the beginning and at the end that differ from piece to piece and say nothing of what is between. */
  readonly head: number;
  readonly tail: number;
}

export class PackedBuffer {
  readonly #form: PieceForm;
  readonly #bytes: Uint8Array;
  #end = 0;
  /** Of all pieces, unpacked. */
  #length = 0;
  #patternStart = 0;
  #patternLength = 0;

  constructor(form: PieceForm, size: number) {
    this.#form = form;
    this.#bytes = new Uint8Array(size);
  }

  /** The first `length` bytes, fewer than 64 KiB. False: there was no room, and nothing was added. */
  add(piece: Uint8Array, length: number): boolean {
    const { head, tail } = this.#form;
    const bytes = this.#bytes;
    const comparable = Math.min(length, this.#patternLength) - head - tail;
    let prefix = 0;
    const patternStart = this.#patternStart + head;
    while (prefix < comparable && piece[head + prefix] === bytes[patternStart + prefix]) prefix++;
    let suffix = 0;
    const last = length - tail - 1;
    const patternLast = this.#patternStart + this.#patternLength - tail - 1;
    while (prefix + suffix < comparable && piece[last - suffix] === bytes[patternLast - suffix]) suffix++;
    // Of another kind than those before: it is what the next ones will look like.
    if (prefix + suffix < length / 2) prefix = suffix = 0;
    const own = length - prefix - suffix;
    if (this.#end + NUMBERS_BYTES + own > bytes.length) return false;
    this.#appendNumber(own);
    this.#appendNumber(prefix);
    this.#appendNumber(suffix);
    if (own === length) {
      this.#patternStart = this.#end;
      this.#patternLength = length;
    }
    this.#append(piece, 0, prefix === 0 ? 0 : head);
    this.#append(piece, prefix === 0 ? 0 : head + prefix, suffix === 0 ? length : length - tail - suffix);
    if (suffix > 0) this.#append(piece, length - tail, length);
    this.#length += length;
    return true;
  }

  /** All pieces, one behind the other. */
  unpacked(): Buffer {
    const bytes = this.#bytes;
    const all = Buffer.allocUnsafeSlow(this.#length);
    const { head, tail } = this.#form;
    let end = 0;
    const append = (from: number, to: number) => {
      all.set(bytes.subarray(from, to), end);
      end += to - from;
    };
    let pattern = 0;
    let patternEnd = 0;
    for (let at = 0; at < this.#end; ) {
      const own = numberAt(bytes, at);
      const prefix = numberAt(bytes, at + 2);
      const suffix = numberAt(bytes, at + 4);
      const start = at + NUMBERS_BYTES;
      at = start + own;
      if (prefix + suffix === 0) {
        pattern = start;
        patternEnd = at;
      }
      const afterHead = prefix === 0 ? start : start + head;
      const beforeTail = suffix === 0 ? at : at - tail;
      append(start, afterHead);
      append(pattern + head, pattern + head + prefix);
      append(afterHead, beforeTail);
      append(patternEnd - tail - suffix, patternEnd - tail);
      append(beforeTail, at);
    }
    return all;
  }

  #appendNumber(number: number): void {
    this.#bytes[this.#end++] = number & 0xff;
    this.#bytes[this.#end++] = number >> 8;
  }

  /** In a loop, since the bytes of a piece's own are few: a view of them takes longer. */
  #append(piece: Uint8Array, from: number, to: number): void {
    const bytes = this.#bytes;
    let end = this.#end;
    for (let at = from; at < to; at++) bytes[end++] = piece[at] ?? 0;
    this.#end = end;
  }
}

function numberAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

/** Three numbers of two bytes. */
export const NUMBERS_BYTES = 6;
