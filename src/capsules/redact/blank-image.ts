/**
 * Images without their content: the dimensions and the length stay, the pixels and the metadata go. PNG files are written new;
 * of the other formats, what comes before the compressed pixels is kept without its metadata, and the pixels are zeros.
 * Sources: PNG specification, ITU T.81, GIF89a specification, RFC 9649.
 */
import { crc32, deflateSync } from 'node:zlib';
import { type ImageFormat, imageSize } from '../../core/image-size.ts';

export function blankImage(bytes: Buffer, format: ImageFormat): Buffer {
  switch (format) {
    case 'png':
      return blankPng(bytes);
    case 'jpeg':
      return blankJpeg(bytes);
    case 'gif':
      return blankAfter(bytes, 13, '\x2c\0\0\0\0\x01\0\x01\0\0\x02\x01\x44\0\x3b');
    case 'webp':
      return blankAfter(bytes, 30, '');
  }
}

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** Rows of a larger image take too much memory to compress. */
const MAX_PIXELS = 100_000_000;

function blankPng(bytes: Buffer): Buffer {
  const { width, height } = imageSize(bytes) ?? { width: 1, height: 1 };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1; // one bit a pixel, grey
  const rowBytes = 1 + Math.ceil(width / 8);
  const pixels = width * height > MAX_PIXELS ? Buffer.alloc(rowBytes) : deflateSync(Buffer.alloc(rowBytes * height));
  const parts = [PNG_SIGNATURE, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))];
  const missing = bytes.length - parts.reduce((sum, part) => sum + part.length, 0) - CHUNK_BYTES;
  if (missing >= 0) parts.splice(2, 0, chunk('paDd', Buffer.alloc(missing)));
  return Buffer.concat(parts);
}

/** Length, type and checksum. */
const CHUNK_BYTES = 12;

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

const SCAN = 0xda;
/** Quantization and Huffman tables, restart interval and frame headers; all others are metadata. */
const isNeeded = (marker: number) => marker === 0xdb || marker === 0xdd || (marker >= 0xc0 && marker <= 0xcf);

function blankJpeg(bytes: Buffer): Buffer {
  const blank = Buffer.alloc(bytes.length);
  bytes.copy(blank, 0, 0, 2);
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes.readUInt8(at + 1);
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    // A segment keeps its marker and length, so that what follows stays in its place.
    bytes.copy(blank, at, at, isNeeded(marker) || marker === SCAN ? end : at + 4);
    at = end;
    if (marker === SCAN) break;
  }
  if (at < bytes.length - 2) blank.writeUInt16BE(0xffd9, bytes.length - 2);
  return blank;
}

function blankAfter(bytes: Buffer, headBytes: number, next: string): Buffer {
  const blank = Buffer.alloc(bytes.length);
  bytes.copy(blank, 0, 0, headBytes);
  blank.write(next, headBytes, 'latin1');
  // Without a global colour table: its place holds pixels now.
  if (next !== '') blank[10] = (blank[10] ?? 0) & 0x7f;
  return blank;
}
