/**
 * What arrives in pieces, in order. Small ones are packed: a piece of a stream has 200 bytes, of which few are not in the one before
 * as well, and a buffer of its own takes twice as much again, which the garbage collector has to follow for as long as the stream
 * is open. Large ones, which short replies consist of, are only referred to.
 */
import { NUMBERS_BYTES, PackedBuffer, type PieceForm } from './packed-buffer.ts';

export class PackedPieces {
  readonly #form: PieceForm;
  /** The last one is open if it is packed. */
  #parts: (string | Uint8Array | PackedBuffer)[] = NONE;
  /** Of all buffers, in bytes. */
  #allocated = 0;

  constructor(form: PieceForm = NO_FORM) {
    this.#form = form;
  }

  add(piece: string | Uint8Array): void {
    if (piece.length >= REFERENCED_LENGTH) this.#push(piece);
    else if (typeof piece === 'string') this.#pack(smallView, small.write(piece));
    else {
      small.set(piece);
      this.#pack(smallView, piece.length);
    }
  }

  /** Everything so far, in one or more parts. */
  get parts(): readonly (string | Uint8Array)[] {
    return this.#parts.map((part) => (part instanceof PackedBuffer ? part.unpacked() : part));
  }

  /** A copy of everything so far. */
  toBuffer(): Buffer {
    return Buffer.concat(this.parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  }

  /** Copies everything into one buffer of the right length, and lets go of what it referred to. */
  compact(): void {
    this.#parts = [this.toBuffer()];
  }

  #pack(piece: DataView, length: number): void {
    const open = this.#parts.at(-1);
    if (open instanceof PackedBuffer && open.add(piece, length)) return;
    // A quarter of what was needed so far: room that is not needed stays small.
    const size = Math.min(MAX_BUFFER_BYTES, Math.max(MIN_BUFFER_BYTES, this.#allocated >> 2));
    this.#allocated += size;
    const next = new PackedBuffer(this.#form, Math.max(size, NUMBERS_BYTES + length));
    next.add(piece, length);
    this.#push(next);
  }

  /** Of open streams, most have one or two parts, and `push` makes room for sixteen more. */
  #push(part: string | Uint8Array | PackedBuffer): void {
    if (this.#parts.length < FEW_PARTS) this.#parts = this.#parts.concat([part]);
    else this.#parts.push(part);
  }
}

/** Of those that have nothing yet. */
const NONE: never[] = [];
const FEW_PARTS = 4;
const NO_FORM: PieceForm = { head: 0, tail: 0 };
/** Characters or bytes. */
const REFERENCED_LENGTH = 1_024;
const MIN_BUFFER_BYTES = 1_024;
const MAX_BUFFER_BYTES = 16 * 1_024;
/** In UTF-8, of a unit of UTF-16. */
const MAX_BYTES_A_CHARACTER = 3;
/** Of a text that is being packed. */
const small = Buffer.allocUnsafeSlow(REFERENCED_LENGTH * MAX_BYTES_A_CHARACTER);
const smallView = new DataView(small.buffer);
