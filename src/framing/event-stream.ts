/**
 * AWS event stream, the binary framing of the upstream's replies. Decodes frames: no I/O, no JSON, no interpretation.
 *
 *   total:u32 | headers:u32 | crc32(prelude):u32 | headers | payload | crc32(all before):u32      big-endian
 *
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { checksum } from './checksum.ts';
import { EventStreamError, type HeaderBlock, headerBlock, latestBlock, MAX_HEADER_BYTES } from './header-block.ts';

export { EventStreamError };

export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const OVERHEAD_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES;
const NOTHING = Buffer.alloc(0);
const WINDOW_BYTES = 4 * 1024;
/** Less than this is hardly more than a frame. */
const SHORT_WINDOW_BYTES = 512;

/** Some bytes of the stream. They must not change while one of their frames is in use. */
export class Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** The bytes from `#latin1Start` on, each as a character. */
  #latin1 = '';
  #latin1Start = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Text of which each byte is a character. Usually cut from a string for several frames, which takes a fifth of the time
   * of decoding each text, but keeps that string in memory with it. So the string is short, and not created for one frame.
   */
  ascii(start: number, end: number): string {
    if (start < this.#latin1Start || end > this.#latin1Start + this.#latin1.length) {
      const windowEnd = Math.min(start + WINDOW_BYTES, this.bytes.length);
      if (end > windowEnd || windowEnd - start < SHORT_WINDOW_BYTES) return this.bytes.toString('latin1', start, end);
      this.#latin1 = this.bytes.toString('latin1', start, windowEnd);
      this.#latin1Start = start;
    }
    return this.#latin1.slice(start - this.#latin1Start, end - this.#latin1Start);
  }

  utf8(start: number, end: number): string {
    return this.bytes.toString('utf8', start, end);
  }
}

/** One message: headers, and the place of its payload in a chunk. */
export class Frame {
  /** Frames with equal header bytes share this object while it is cached. */
  readonly headers: HeaderBlock;
  readonly chunk: Chunk;
  readonly start: number;
  readonly end: number;

  constructor(headers: HeaderBlock, chunk: Chunk, start: number, end: number) {
    this.headers = headers;
    this.chunk = chunk;
    this.start = start;
    this.end = end;
  }

  /** The value of a string header, or undefined if there is none. */
  header(name: string): string | undefined {
    return this.headers.string(name);
  }

  get payload(): Buffer {
    return this.chunk.bytes.subarray(this.start, this.end);
  }

  /** The payload decoded as UTF-8, without an intermediate view. */
  text(): string {
    return this.chunk.utf8(this.start, this.end);
  }
}

export class EventStreamDecoder {
  /** The start of an incomplete frame; only the first `#heldBytes` are valid. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;
  #error: EventStreamError | undefined;

  /** The error in the stream. Once set, further bytes are ignored. */
  get error(): EventStreamError | undefined {
    return this.#error;
  }

  /** Returns the frames that these bytes complete, up to the first invalid one. Check `error` after handling them. */
  push(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    if (this.#error) return frames;
    try {
      this.#read(new Chunk(bytes), frames);
    } catch (cause) {
      this.#error = cause instanceof EventStreamError ? cause : new EventStreamError('unreadable frame', { cause });
      this.#held = NOTHING;
    }
    return frames;
  }

  /** Call once at the end of the body. Throws EventStreamError for an incomplete frame, or again for an invalid one. */
  end(): void {
    if (this.#error) throw this.#error;
    if (this.#heldBytes > 0) throw new EventStreamError(`the stream ended ${this.#heldBytes} bytes into a frame`);
  }

  #read(chunk: Chunk, frames: Frame[]): void {
    const { bytes, view } = chunk;
    const { length } = bytes;
    let at = this.#heldBytes > 0 ? this.#finishHeld(bytes, frames) : 0;
    while (length - at >= PRELUDE_BYTES) {
      const total = readPrelude(view, at);
      if (length - at < total) break;
      frames.push(readFrame(chunk, at, total));
      at += total;
    }
    if (at < length) this.#hold(bytes, at, length - at);
  }

  /** Returns how many bytes of the chunk belonged to the held frame, the only one that is copied. */
  #finishHeld(chunk: Buffer, frames: Frame[]): number {
    let taken = this.#hold(chunk, 0, PRELUDE_BYTES - this.#heldBytes);
    if (this.#heldBytes < PRELUDE_BYTES) return taken;
    const total = readPrelude(viewOf(this.#held), 0);
    taken += this.#hold(chunk, taken, total - this.#heldBytes);
    if (this.#heldBytes < total) return taken;
    frames.push(readFrame(new Chunk(this.#held.subarray(0, total)), 0, total));
    this.#held = NOTHING;
    this.#heldBytes = 0;
    return taken;
  }

  #hold(chunk: Buffer, from: number, wanted: number): number {
    const count = Math.min(wanted, chunk.length - from);
    if (count <= 0) return 0;
    const needed = this.#heldBytes + count;
    if (needed > this.#held.length) {
      // Doubling keeps copying linear, and the announced length is not allocated before its bytes arrive.
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#held.length));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldBytes, from, from + count);
    this.#heldBytes = needed;
    return count;
  }
}

/** Returns the total length of the frame, after verifying the prelude's checksum. */
function readPrelude(view: DataView, at: number): number {
  if (view.getUint32(at + 8) !== checksum(view, at, at + 8)) throw new EventStreamError('invalid prelude checksum');
  const total = view.getUint32(at);
  const headerBytes = view.getUint32(at + 4);
  if (total < OVERHEAD_BYTES || total > MAX_FRAME_BYTES) throw new EventStreamError(`a frame of ${total} bytes`);
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > total - OVERHEAD_BYTES)
    throw new EventStreamError(`${headerBytes} bytes of headers in a frame of ${total}`);
  return total;
}

/** The prelude is valid. */
function readFrame(chunk: Chunk, at: number, total: number): Frame {
  const { view } = chunk;
  const headersAt = at + PRELUDE_BYTES;
  const payloadAt = headersAt + view.getUint32(at + 4);
  const end = at + total - CHECKSUM_BYTES;
  const known = latestBlock(view, headersAt, payloadAt);
  // The prelude's checksum, which is part of the frame, is also that of the bytes before it.
  const preludeSum = checksum(view, at + 8, headersAt, view.getUint32(at + 8));
  const headerSum = known ? known.checksum(preludeSum) : checksum(view, headersAt, payloadAt, preludeSum);
  if (view.getUint32(end) !== checksum(view, payloadAt, end, headerSum))
    throw new EventStreamError('invalid frame checksum');
  const headers = known?.block ?? headerBlock(chunk.bytes, headersAt, payloadAt);
  return new Frame(headers, chunk, payloadAt, end);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
