/**
 * The headers of an event-stream frame: all ten types, both directions.
 *
 *   header := nameLength:u8 name type:u8 value        source: https://smithy.io/2.0/aws/amazon-eventstream.html
 *
 * A service repeats a few header blocks, so parsed blocks are cached by their bytes and shared.
 */
import { LRUCache } from 'lru-cache';
import { EventStreamError } from './event-stream-error.ts';

export type HeaderValue =
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'byte' | 'short' | 'integer'; readonly value: number }
  | { readonly type: 'long'; readonly value: bigint }
  | { readonly type: 'binary'; readonly value: Uint8Array }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'timestamp'; readonly value: Date }
  /** Lower-case, with dashes. */
  | { readonly type: 'uuid'; readonly value: string };

export type HeaderBlock = ReadonlyMap<string, HeaderValue>;

export const MAX_HEADER_BYTES = 128 * 1024;

/** A stream has about ten distinct blocks; longer or rarer blocks are parsed each time. */
const MAX_CACHED_BLOCKS = 64;
const MAX_CACHED_BLOCK_BYTES = 256;
const cache = new LRUCache<string, HeaderBlock>({ max: MAX_CACHED_BLOCKS });
/** Most frames repeat the previous headers, and comparing bytes is cheaper than building a key. */
let latest: { readonly bytes: Buffer; readonly block: HeaderBlock } | undefined;

export function headerBlock(bytes: Buffer, start: number, end: number): HeaderBlock {
  if (latest?.bytes.length === end - start && latest.bytes.compare(bytes, start, end) === 0) return latest.block;
  if (end - start > MAX_CACHED_BLOCK_BYTES) return parseHeaders(bytes, start, end);
  const block = cachedBlock(bytes, start, end);
  latest = { bytes: Buffer.from(bytes.subarray(start, end)), block };
  return block;
}

function cachedBlock(bytes: Buffer, start: number, end: number): HeaderBlock {
  const key = bytes.toString('latin1', start, end);
  const known = cache.get(key);
  if (known) return known;
  const block = parseHeaders(bytes, start, end);
  cache.set(key, block);
  return block;
}

function parseHeaders(bytes: Buffer, start: number, end: number): HeaderBlock {
  // Copy, because a cached block must not retain the frame's buffer, which may be large.
  const reader = new HeaderReader(Buffer.from(bytes.subarray(start, end)));
  const headers = new Map<string, HeaderValue>();
  while (reader.hasMore) headers.set(reader.take(reader.byte()).toString('utf8'), readValue(reader));
  return headers;
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

/** A bare string is a header of type string. */
export function encodeHeaders(headers: Readonly<Record<string, HeaderValue | string>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const nameBytes = Buffer.from(name, 'utf8');
    if (nameBytes.length > 255) throw new EventStreamError(`a header name of ${nameBytes.length} bytes`);
    const typed: HeaderValue = typeof value === 'string' ? { type: 'string', value } : value;
    parts.push(Buffer.of(nameBytes.length), nameBytes, ...encodeValue(typed));
  }
  const block = Buffer.concat(parts);
  if (block.length > MAX_HEADER_BYTES) throw new EventStreamError(`${block.length} bytes of headers`);
  return block;
}

function encodeValue(header: HeaderValue): Buffer[] {
  switch (header.type) {
    case 'boolean':
      return [Buffer.of(header.value ? 0 : 1)];
    case 'byte':
      return [Buffer.of(2), integer(1, (bytes) => bytes.writeInt8(header.value))];
    case 'short':
      return [Buffer.of(3), integer(2, (bytes) => bytes.writeInt16BE(header.value))];
    case 'integer':
      return [Buffer.of(4), integer(4, (bytes) => bytes.writeInt32BE(header.value))];
    case 'long':
      return [Buffer.of(5), integer(8, (bytes) => bytes.writeBigInt64BE(header.value))];
    case 'binary':
      return [Buffer.of(6), ...measured(header.value)];
    case 'string':
      return [Buffer.of(7), ...measured(Buffer.from(header.value, 'utf8'))];
    case 'timestamp':
      return [Buffer.of(8), integer(8, (bytes) => bytes.writeBigInt64BE(BigInt(header.value.getTime())))];
    case 'uuid':
      return [Buffer.of(9), uuidBytes(header.value)];
  }
}

function integer(length: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
}

function measured(value: Uint8Array): Buffer[] {
  if (value.length > 0xffff) throw new EventStreamError(`a header value of ${value.length} bytes`);
  return [integer(2, (bytes) => bytes.writeUInt16BE(value.length)), Buffer.from(value)];
}

function uuidBytes(value: string): Buffer {
  const bytes = Buffer.from(value.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new EventStreamError('a UUID header needs 32 hexadecimal digits');
  return bytes;
}
