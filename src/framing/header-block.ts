/**
 * Decodes the headers of an event-stream frame, of all ten types.
 *
 *   header := nameLength:u8 name type:u8 value        source: https://smithy.io/2.0/aws/amazon-eventstream.html
 *
 * A service repeats a few header blocks, so parsed blocks are cached by their bytes and shared.
 */
import { LRUCache } from 'lru-cache';
import { BytePattern } from './byte-pattern.ts';
import { ChecksumPart } from './checksum.ts';

/** Thrown for bytes that are not a valid event stream. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError';
}

export type HeaderValue =
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'byte' | 'short' | 'integer'; readonly value: number }
  | { readonly type: 'long'; readonly value: bigint }
  | { readonly type: 'binary'; readonly value: Uint8Array }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'timestamp'; readonly value: Date }
  /** Lower-case, with dashes. */
  | { readonly type: 'uuid'; readonly value: string };

export class HeaderBlock {
  readonly values: ReadonlyMap<string, HeaderValue>;
  /** Of `:message-type`: `event`, `exception` or `error`. Both types are looked up once for all frames with this block. */
  readonly messageType: string;
  /** Of `:event-type`; empty if there is none. */
  readonly eventType: string;

  constructor(values: ReadonlyMap<string, HeaderValue>) {
    this.values = values;
    this.messageType = this.string(':message-type') ?? 'event';
    this.eventType = this.string(':event-type') ?? '';
  }

  /** The value of a string header, or undefined if there is none. */
  string(name: string): string | undefined {
    const value = this.values.get(name);
    return value?.type === 'string' ? value.value : undefined;
  }
}

export const MAX_HEADER_BYTES = 128 * 1024;

/** A stream has about ten distinct blocks; longer or rarer blocks are parsed each time. */
const MAX_CACHED_BLOCKS = 64;
const MAX_CACHED_BLOCK_BYTES = 256;
const cache = new LRUCache<string, KnownBlock>({ max: MAX_CACHED_BLOCKS });
/** Most frames repeat the previous headers, and comparing bytes is cheaper than building a key. */
let latest: KnownBlock | undefined;

/** A cached block, which is recognized and added to a checksum without reading its bytes one by one. */
export class KnownBlock {
  readonly block: HeaderBlock;
  readonly #bytes: Buffer;
  readonly #pattern: BytePattern;
  #part: ChecksumPart | undefined;

  /** Copies the bytes. */
  constructor(block: HeaderBlock, bytes: Uint8Array) {
    this.block = block;
    this.#bytes = Buffer.from(bytes);
    this.#pattern = new BytePattern(this.#bytes);
  }

  isAt(view: DataView, start: number, end: number): boolean {
    return this.#pattern.length === end - start && this.#pattern.isAt(view, start);
  }

  /** The checksum of `previous`'s bytes followed by this block. */
  checksum(previous: number): number {
    this.#part ??= new ChecksumPart(this.#bytes);
    return this.#part.after(previous);
  }
}

/** The block of the latest frame, if these are its bytes. */
export function latestBlock(view: DataView, start: number, end: number): KnownBlock | undefined {
  return latest?.isAt(view, start, end) ? latest : undefined;
}

export function headerBlock(bytes: Buffer, start: number, end: number): HeaderBlock {
  if (end - start > MAX_CACHED_BLOCK_BYTES) return parseHeaders(bytes, start, end);
  const key = bytes.toString('latin1', start, end);
  let known = cache.get(key);
  if (!known) {
    known = new KnownBlock(parseHeaders(bytes, start, end), bytes.subarray(start, end));
    cache.set(key, known);
  }
  latest = known;
  return known.block;
}

function parseHeaders(bytes: Buffer, start: number, end: number): HeaderBlock {
  // Copy, because a cached block must not retain the frame's buffer, which may be large.
  const reader = new HeaderReader(Buffer.from(bytes.subarray(start, end)));
  const headers = new Map<string, HeaderValue>();
  while (reader.hasMore) headers.set(reader.take(reader.byte()).toString('utf8'), readValue(reader));
  return new HeaderBlock(headers);
}

class HeaderReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new EventStreamError('a header exceeds its block');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  /** A value with its own 16-bit length. */
  measured(): Buffer {
    return this.take(this.take(2).readUInt16BE());
  }
}

function readValue(reader: HeaderReader): HeaderValue {
  const type = reader.byte();
  switch (type) {
    case 0:
      return { type: 'boolean', value: true };
    case 1:
      return { type: 'boolean', value: false };
    case 2:
      return { type: 'byte', value: reader.take(1).readInt8() };
    case 3:
      return { type: 'short', value: reader.take(2).readInt16BE() };
    case 4:
      return { type: 'integer', value: reader.take(4).readInt32BE() };
    case 5:
      return { type: 'long', value: reader.take(8).readBigInt64BE() };
    case 6:
      return { type: 'binary', value: reader.measured() };
    case 7:
      return { type: 'string', value: reader.measured().toString('utf8') };
    case 8:
      return { type: 'timestamp', value: new Date(Number(reader.take(8).readBigInt64BE())) };
    case 9:
      return { type: 'uuid', value: toUuid(reader.take(16).toString('hex')) };
    default:
      throw new EventStreamError(`a header of unknown type ${type}`);
  }
}

function toUuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
