import { describe, expect, it } from 'vitest';
import { GIF, JPEG, PNG, WEBP } from '../../test/support/conversations.ts';
import { imageFormat, imageSize } from './image-size.ts';

const decoded = (base64: string) => Buffer.from(base64, 'base64');
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));
const zeros = (count: number) => Array<number>(count).fill(0);
/** SOI, an APP0 segment of 4 bytes, padding, then a frame header of 300 × 200. */
const jpeg = (marker: number) =>
  bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, marker, 0, 11, 8, 0, 200, 1, 44], zeros(8));

describe('the size of an image', () => {
  const cases = [
    { name: 'PNG', head: decoded(PNG), format: 'png', size: { width: 1, height: 1 } },
    { name: 'GIF', head: bytes('GIF89a', [64, 1, 240, 0]), format: 'gif', size: { width: 320, height: 240 } },
    { name: 'JPEG, baseline', head: jpeg(0xc0), format: 'jpeg', size: { width: 300, height: 200 } },
    { name: 'JPEG, progressive', head: jpeg(0xc2), format: 'jpeg', size: { width: 300, height: 200 } },
    { name: 'JPEG with its frame elsewhere', head: jpeg(0xc4), format: 'jpeg', size: undefined },
    {
      name: 'WebP, lossy',
      head: bytes('RIFF\0\0\0\0WEBPVP8 ', zeros(10), [0x2c, 0x01, 0xc8, 0x00]),
      format: 'webp',
      size: { width: 300, height: 200 },
    },
    {
      name: 'WebP, lossless',
      head: bytes('RIFF\0\0\0\0WEBPVP8L', zeros(4), [0x2f, 0x2b, 0xc1, 0x31, 0x00], zeros(8)),
      format: 'webp',
      size: { width: 300, height: 200 },
    },
    {
      name: 'WebP, extended',
      head: bytes('RIFF\0\0\0\0WEBPVP8X', zeros(8), [0x2b, 1, 0, 0xc7, 0, 0]),
      format: 'webp',
      size: { width: 300, height: 200 },
    },
    { name: 'WebP of another kind', head: bytes('RIFF\0\0\0\0WEBPALPH', zeros(16)), format: 'webp', size: undefined },
    { name: 'something else', head: bytes('BM', zeros(40)), format: undefined, size: undefined },
  ];
  it.each(cases)('of $name', ({ head, format, size }) => {
    expect(imageFormat(head)).toBe(format);
    expect(imageSize(head)).toEqual(size);
  });

  it.each([PNG, GIF, JPEG, WEBP])('is undefined if the bytes are cut short', (whole) => {
    const head = decoded(whole);
    for (let length = 0; length < head.length; length += 1) {
      expect(() => imageSize(head.subarray(0, length))).not.toThrow();
    }
  });
});
