/**
 * AWS event stream, the binary framing of the upstream's replies. Decodes frames: no I/O, no JSON, no interpretation.
 *
 *   total:u32 | headers:u32 | crc32(prelude):u32 | headers | payload | crc32(all before):u32      big-endian
 *
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { crc32 } from 'node:zlib';
import { EventStreamError, type HeaderBlock, type HeaderValue, headerBlock, MAX_HEADER_BYTES } from './header-block.ts';

export { EventStreamError };

export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const OVERHEAD_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES;
const NOTHING = Buffer.alloc(0);

/** One message. It references the pushed bytes, which must not change while the frame is in use. */
export class Frame {
  readonly #block: HeaderBlock;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(block: HeaderBlock, bytes: Buffer, start: number, end: number) {
    this.#block = block;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** The value of a string header, or undefined if there is none. */
  header(name: string): string | undefined {
    const value = this.#block.get(name);
    return value?.type === 'string' ? value.value : undefined;
  }

  /** Frames with equal header bytes share this object while it is cached. */
  headers(): ReadonlyMap<string, HeaderValue> {
    return this.#block;
  }

  get payload(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** The payload decoded as UTF-8, without an intermediate view. */
  text(): string {
    return this.#bytes.toString('utf8', this.#start, this.#end);
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
      this.#read(
        Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        frames,
      );
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

  #read(chunk: Buffer, frames: Frame[]): void {
    let at = this.#heldBytes > 0 ? this.#finishHeld(chunk, frames) : 0;
    while (chunk.length - at >= PRELUDE_BYTES) {
      const total = readPrelude(chunk, at);
      if (chunk.length - at < total) break;
      frames.push(readFrame(chunk, at, total));
      at += total;
    }
    if (at < chunk.length) this.#hold(chunk, at, chunk.length - at);
  }

  /** Returns how many bytes of the chunk belonged to the held frame, the only one that is copied. */
  #finishHeld(chunk: Buffer, frames: Frame[]): number {
    let taken = this.#hold(chunk, 0, PRELUDE_BYTES - this.#heldBytes);
    if (this.#heldBytes < PRELUDE_BYTES) return taken;
    const total = readPrelude(this.#held, 0);
    taken += this.#hold(chunk, taken, total - this.#heldBytes);
    if (this.#heldBytes < total) return taken;
    frames.push(readFrame(this.#held, 0, total));
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
function readPrelude(bytes: Buffer, at: number): number {
  if (bytes.readUInt32BE(at + 8) !== preludeChecksum(bytes, at)) throw new EventStreamError('invalid prelude checksum');
  const total = bytes.readUInt32BE(at);
  const headerBytes = bytes.readUInt32BE(at + 4);
  if (total < OVERHEAD_BYTES || total > MAX_FRAME_BYTES) throw new EventStreamError(`a frame of ${total} bytes`);
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > total - OVERHEAD_BYTES)
    throw new EventStreamError(`${headerBytes} bytes of headers in a frame of ${total}`);
  return total;
}

/** CRC-32 by table: for eight bytes, five times faster than calling zlib. */
function preludeChecksum(bytes: Buffer, at: number): number {
  let checksum = -1;
  for (let index = at; index < at + 8; index++)
    checksum = (CRC_TABLE[(checksum ^ (bytes[index] ?? 0)) & 0xff] ?? 0) ^ (checksum >>> 8);
  return ~checksum >>> 0;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let entry = byte;
  for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? 0xedb88320 ^ (entry >>> 1) : entry >>> 1;
  return entry;
});

function readFrame(bytes: Buffer, at: number, total: number): Frame {
  const end = at + total - CHECKSUM_BYTES;
  if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(at, end))) throw new EventStreamError('invalid frame checksum');
  const headersAt = at + PRELUDE_BYTES;
  const headersEnd = headersAt + bytes.readUInt32BE(at + 4);
  return new Frame(headerBlock(bytes, headersAt, headersEnd), bytes, headersEnd, end);
}
