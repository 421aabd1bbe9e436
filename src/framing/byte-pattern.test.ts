import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BytePattern } from './byte-pattern.ts';

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

describe('a byte pattern', () => {
  it('is found at its position, however long it is and wherever it starts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 40 }), (before, bytes) => {
        const all = Buffer.concat([before, bytes]);
        expect(new BytePattern(bytes).isAt(viewOf(all), before.length)).toBe(true);
      }),
      { seed: 42, numRuns: 500 },
    );
  });

  it('differs in every bit', () => {
    for (let length = 1; length <= 13; length += 1) {
      const bytes = Buffer.from(Array.from({ length }, (_, index) => 37 * index));
      const pattern = new BytePattern(bytes);
      for (let bit = 0; bit < 8 * length; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(pattern.isAt(viewOf(changed), 0)).toBe(false);
      }
    }
  });

  it('keeps its bytes when the original changes', () => {
    const bytes = Buffer.from('content');
    const pattern = new BytePattern(bytes);
    bytes.fill(0);
    expect(pattern.isAt(viewOf(Buffer.from('content')), 0)).toBe(true);
  });
});
