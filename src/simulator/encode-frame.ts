/**
 * Encodes frames of AWS event streams. The decoder under test has code of its own, so that a mistake in one of them
 * cannot hide in the other.
 *
 *   total:u32 | headers:u32 | crc32(prelude):u32 | headers | payload | crc32(all before):u32      big-endian
 *   header := nameLength:u8 name type:u8 value
 *
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { crc32 } from 'node:zlib';

export type HeaderValue =
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'byte' | 'short' | 'integer'; readonly value: number }
  | { readonly type: 'long'; readonly value: bigint }
  | { readonly type: 'binary'; readonly value: Uint8Array }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'timestamp'; readonly value: Date }
  /** Lower-case, with dashes. */
  | { readonly type: 'uuid'; readonly value: string };

const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const MAX_HEADER_BYTES = 128 * 1024;

/** A bare string is a header of type string. Throws RangeError if the frame or one of its headers exceeds a limit. */
export function encodeFrame(headers: Readonly<Record<string, HeaderValue | string>>, payload: Uint8Array): Buffer {
  const block = encodeHeaders(headers);
  const total = PRELUDE_BYTES + block.length + payload.length + CHECKSUM_BYTES;
  if (total > MAX_FRAME_BYTES)
    throw new RangeError(`The frame has ${total} bytes; at most ${MAX_FRAME_BYTES} are allowed.`);
  const frame = Buffer.allocUnsafe(total);
  frame.writeUInt32BE(total, 0);
  frame.writeUInt32BE(block.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.set(block, PRELUDE_BYTES);
  frame.set(payload, PRELUDE_BYTES + block.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, total - CHECKSUM_BYTES)), total - CHECKSUM_BYTES);
  return frame;
}

function encodeHeaders(headers: Readonly<Record<string, HeaderValue | string>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const nameBytes = Buffer.from(name, 'utf8');
    if (nameBytes.length > 255)
      throw new RangeError(`A header name has ${nameBytes.length} bytes; at most 255 are allowed.`);
    const typed: HeaderValue = typeof value === 'string' ? { type: 'string', value } : value;
    parts.push(Buffer.of(nameBytes.length), nameBytes, ...encodeValue(typed));
  }
  const block = Buffer.concat(parts);
  if (block.length > MAX_HEADER_BYTES)
    throw new RangeError(`The headers take ${block.length} bytes; at most ${MAX_HEADER_BYTES} are allowed.`);
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
  if (value.length > 0xffff)
    throw new RangeError(`A header value has ${value.length} bytes; at most 65535 are allowed.`);
  return [integer(2, (bytes) => bytes.writeUInt16BE(value.length)), Buffer.from(value)];
}

function uuidBytes(value: string): Buffer {
  const bytes = Buffer.from(value.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new RangeError('A UUID header needs 32 hexadecimal digits.');
  return bytes;
}
