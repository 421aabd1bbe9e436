/**
 * Reads an image's format and size in pixels from its first bytes.
 * Sources: PNG specification (IHDR), GIF89a specification, ITU T.81 (JPEG frame headers), RFC 9649 (WebP).
 */
export type ImageFormat = 'png' | 'jpeg' | 'gif' | 'webp';

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export function imageFormat(head: Buffer): ImageFormat | undefined {
  const text = head.toString('latin1', 0, 12);
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif';
  return text.startsWith('RIFF') && text.slice(8) === 'WEBP' ? 'webp' : undefined;
}

/** Undefined if the head is cut short or the size is stored beyond it. */
export function imageSize(head: Buffer): PixelSize | undefined {
  switch (imageFormat(head)) {
    case 'png':
      return head.length < 24 ? undefined : { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
    case 'gif':
      return head.length < 10 ? undefined : { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
    case 'jpeg':
      return jpegSize(head);
    case 'webp':
      return head.length < 30 ? undefined : webpSize(head);
    default:
      return undefined;
  }
}

/** Skips segments up to a frame header: SOF0 to SOF15, except DHT, JPG and DAC, whose markers lie in that range. */
function jpegSize(head: Buffer): PixelSize | undefined {
  let at = 2;
  while (at + 9 <= head.length && head[at] === 0xff) {
    const marker = head.readUInt8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: head.readUInt16BE(at + 5), width: head.readUInt16BE(at + 7) };
    // 0xff may repeat as padding before a marker.
    at += marker === 0xff ? 1 : 2 + head.readUInt16BE(at + 2);
  }
  return undefined;
}

/** Lossy (VP8), lossless (VP8L) and extended (VP8X) files store their size differently. */
function webpSize(head: Buffer): PixelSize | undefined {
  switch (head.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = head.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}
