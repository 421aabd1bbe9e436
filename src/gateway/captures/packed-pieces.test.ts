import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../bench/statistics.ts';
import { PackedPieces } from './packed-pieces.ts';

function packed(...pieces: readonly (string | Uint8Array)[]): PackedPieces {
  const all = new PackedPieces();
  for (const piece of pieces) all.add(piece);
  return all;
}

describe('pieces packed into buffers', () => {
  it('keeps every byte in its order, whatever the sizes and kinds of the pieces', () => {
    const pieces = Array.from({ length: 500 }, (_, index) => {
      const text = `${index}é漢🙂`.repeat((index * 7) % 90);
      return index % 3 === 0 ? Buffer.from(text) : text;
    });
    const expected = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
    expect(
      packed(...pieces)
        .toBuffer()
        .equals(expected),
    ).toBe(true);
  });

  it('takes more pieces after its parts were read', () => {
    const pieces = packed('a', 'b');
    expect(pieces.parts).toHaveLength(1);
    pieces.add('c');
    expect(pieces.toBuffer().toString()).toBe('abc');
  });

  it('needs few buffers for many small pieces', () => {
    const pieces = packed(...Array.from({ length: 1_000 }, () => 'x'.repeat(100)));
    expect(pieces.parts.length).toBeLessThan(25);
  });

  it('refers to large pieces and copies small ones', () => {
    const large = Buffer.alloc(2_000, 'l');
    const small = Buffer.from('small');
    const pieces = packed(small, large);
    expect(pieces.parts[1]).toBe(large);
    small.fill('?');
    expect(pieces.toBuffer().toString()).toBe(`small${'l'.repeat(2_000)}`);
  });

  it('refers to nothing once it is compact', () => {
    const large = Buffer.alloc(2_000, 'l');
    const pieces = packed('a', large);
    pieces.compact();
    large.fill('?');
    expect(pieces.parts).toHaveLength(1);
    expect(pieces.toBuffer().toString()).toBe(`a${'l'.repeat(2_000)}`);
  });

  it.each([
    { head: 0, tail: 0 },
    { head: 12, tail: 4 },
  ])('finds a difference at any place, with %j', (form) => {
    const pieces = new PackedPieces(form);
    const pattern = Buffer.alloc(70, 'p');
    const all = Array.from({ length: 140 }, (_, index) => {
      const piece = Buffer.from(pattern.subarray(0, 70 - (index % 3)));
      piece[index >> 1] = 0x80 + index;
      return piece;
    });
    for (const piece of [pattern, ...all]) pieces.add(piece);
    expect(pieces.toBuffer().equals(Buffer.concat([pattern, ...all]))).toBe(true);
  });

  it('keeps only once what similar pieces have in common', () => {
    const frames = new PackedPieces({ head: 12, tail: 4 });
    const all = Array.from({ length: 12 }, (_, index) => frame(`{"content":"${words(index)}","modelId":"auto"}`));
    for (const bytes of all) frames.add(bytes);
    expect(frames.toBuffer().equals(Buffer.concat(all))).toBe(true);
    // A buffer has 1,024 bytes.
    expect(Buffer.concat(all).length).toBeGreaterThan(1_600);
    expect(frames.parts).toHaveLength(1);
  });

  it('keeps every byte of pieces of several kinds in turn', () => {
    const random = seededRandom(5);
    const below = (limit: number) => Math.floor(random() * limit);
    for (const form of [undefined, { head: 12, tail: 4 }, { head: 3, tail: 0 }, { head: 0, tail: 5 }]) {
      const pieces = new PackedPieces(form);
      const all: Buffer[] = [];
      for (let count = 0; count < 2_000; count++) {
        const kind = 'abc'[below(3)] ?? '';
        const text = `${kind.repeat(below(40))}${words(below(9)).slice(0, below(60))}${kind.repeat(below(40))}`;
        const bytes = below(8) === 0 ? Buffer.from(text.repeat(below(20))) : frame(text);
        all.push(bytes);
        pieces.add(below(2) === 0 && bytes.equals(Buffer.from(bytes.toString())) ? bytes.toString() : bytes);
      }
      expect(pieces.toBuffer().equals(Buffer.concat(all))).toBe(true);
    }
  });
});

/** As the service frames an event: a length and a checksum before it, and a checksum after it. */
function frame(payload: string): Buffer {
  const bytes = Buffer.from(
    `length..sum.:event-type assistantResponseEvent :content-type application/json${payload}sum.`,
  );
  bytes.writeUInt32BE(bytes.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 4)), 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

function words(index: number): string {
  return ['the file', 'has', 'a newer version', 'é漢🙂', 'than', 'that one,', 'and', 'so on']
    .slice(index % 5, 2 + (index % 7))
    .join(' ');
}
