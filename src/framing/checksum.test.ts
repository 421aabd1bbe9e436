import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChecksumPart, checksum } from './checksum.ts';

describe('the checksum', () => {
  it('is that of zlib for any part of a view', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_200 }), fc.nat(1_200), fc.nat(1_200), (bytes, one, other) => {
        const [start = 0, end = 0] = [one, other].map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        expect(checksum(view, start, end)).toBe(crc32(bytes.subarray(start, end)));
      }),
      { seed: 42, numRuns: 2_000 },
    );
  });

  it('continues that of the bytes before', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(700), (bytes, place) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        const cut = place % (bytes.length + 1);
        expect(checksum(view, cut, bytes.length, checksum(view, 0, cut))).toBe(crc32(bytes));
      }),
      { seed: 42, numRuns: 500 },
    );
  });
});

describe('the checksum of a recurring part', () => {
  it('is that of zlib after any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.array(fc.uint8Array({ maxLength: 20 })), (bytes, befores) => {
        const part = new ChecksumPart(bytes);
        for (const before of befores) expect(part.after(crc32(before))).toBe(crc32(Buffer.concat([before, bytes])));
      }),
      { seed: 42, numRuns: 300 },
    );
  });
});
