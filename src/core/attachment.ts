/**
 * A file of the client's request. It is made once, when the request is read, and carried as it is to the encoder: format
 * and size are decided here, and the base64 that came in is the base64 that goes out.
 */
import { createHash } from 'node:crypto';
import { type FileFormat, formatOf, isImageFormat } from './file-format.ts';
import { imageSize, type PixelSize } from './image-size.ts';

export class Attachment {
  /** Standard base64 with padding, without a data URL's prefix. */
  readonly base64: string;
  /** In bytes. */
  readonly size: number;
  /** By the bytes, whatever the client declares. */
  readonly format: FileFormat;
  /** Of an image. Undefined: not an image, or its size is not in its first bytes. */
  readonly pixels: PixelSize | undefined;
  #hash: string | undefined;

  private constructor(base64: string, bytes: Buffer) {
    this.base64 = base64;
    this.size = bytes.length;
    this.format = formatOf(bytes);
    this.pixels = isImageFormat(this.format) ? imageSize(bytes.subarray(0, HEAD_BYTES)) : undefined;
  }

  /** Undefined if the text is not base64. White space, the URL alphabet and missing padding are accepted. */
  static fromBase64(text: string): Attachment | undefined {
    // Decoding and encoding again takes a few milliseconds for 10 MB. A regular expression takes some hundred.
    const bytes = Buffer.from(text, 'base64');
    const base64 = bytes.toString('base64') === text ? text : standardBase64(text);
    return base64 === undefined || base64 === '' ? undefined : new Attachment(base64, bytes);
  }

  static fromBytes(bytes: Uint8Array): Attachment {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Attachment(buffer.toString('base64'), buffer);
  }

  /** Not kept: a large request would take nearly twice its memory. */
  decode(): Buffer {
    return Buffer.from(this.base64, 'base64');
  }

  /** SHA-256 of the base64. Computed once, for the few attachments whose results are remembered. */
  get hash(): string {
    this.#hash ??= createHash('sha256').update(this.base64).digest('base64');
    return this.#hash;
  }
}

/** The size of a JPEG follows its metadata, which mostly ends before this. */
const HEAD_BYTES = 64 * 1024;

function standardBase64(text: string): string | undefined {
  const bare = text
    .replaceAll(/\s+/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={1,2}$/, '');
  if (bare.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(bare)) return undefined;
  return bare + '='.repeat((4 - (bare.length % 4)) % 4);
}
