import { describe, expect, it } from 'vitest';
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
});
