/**
 * What arrives in pieces, in order. Small ones are copied one behind the other: a piece of a stream has 200 bytes, and a buffer of
 * its own takes twice as much again, which the garbage collector has to follow for as long as the stream is open. Large ones, which
 * short replies consist of, are only referred to.
 */
export class PackedPieces {
  #parts: (string | Uint8Array)[] = [];
  #open: Buffer | undefined = undefined;
  /** In `#open`: where the bytes begin that are not among the parts yet, and where they end. */
  #start = 0;
  #end = 0;
  /** In all buffers, in bytes. */
  #copied = 0;

  add(piece: string | Uint8Array): void {
    if (piece.length >= REFERENCED_LENGTH) {
      this.#close();
      this.#parts.push(piece);
    } else if (typeof piece === 'string') {
      const open = this.#withRoomFor(piece.length * MAX_BYTES_A_CHARACTER, piece);
      this.#end += open.write(piece, this.#end);
    } else {
      this.#withRoomFor(piece.length, piece).set(piece, this.#end);
      this.#end += piece.length;
    }
  }

  /** Everything so far, in one or more parts. */
  get parts(): readonly (string | Uint8Array)[] {
    this.#close();
    return this.#parts;
  }

  /** A copy of everything so far. */
  toBuffer(): Buffer {
    return Buffer.concat(this.parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  }

  /** Copies everything into one buffer of the right length, and lets go of what it referred to. */
  compact(): void {
    this.#parts = [this.toBuffer()];
    this.#open = undefined;
    this.#start = 0;
    this.#end = 0;
  }

  /** `atMost`: bytes that the piece takes, which may be fewer. */
  #withRoomFor(atMost: number, piece: string | Uint8Array): Buffer {
    const open = this.#open;
    if (open && this.#end + atMost <= open.length) return open;
    const bytes = Buffer.byteLength(piece);
    if (open && this.#end + bytes <= open.length) return open;
    this.#close();
    // A quarter of what was copied so far: room that is not needed stays small.
    const length = Math.min(MAX_BUFFER_BYTES, Math.max(MIN_BUFFER_BYTES, this.#copied >> 2));
    this.#copied += length;
    this.#open = Buffer.allocUnsafeSlow(Math.max(length, bytes));
    this.#start = 0;
    this.#end = 0;
    return this.#open;
  }

  #close(): void {
    if (this.#open && this.#start < this.#end) this.#parts.push(this.#open.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}

/** Characters or bytes. */
const REFERENCED_LENGTH = 1_024;
const MIN_BUFFER_BYTES = 1_024;
const MAX_BUFFER_BYTES = 16 * 1_024;
/** In UTF-8, of a unit of UTF-16. */
const MAX_BYTES_A_CHARACTER = 3;
