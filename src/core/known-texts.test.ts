import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownTexts } from './known-texts.ts';

const long = (mark: string, chars = 1_000) => mark.padEnd(chars, 'abc "x"\n');

describe('KnownTexts', () => {
  it('serialises a text once, whichever string holds it', () => {
    const texts = new KnownTexts();
    const first = texts.jsonOf(long('日'));
    expect(first?.toString()).toBe(JSON.stringify(long('日')));
    expect(texts.jsonOf(JSON.parse(JSON.stringify(long('日'))))).toBe(first);
    expect(texts.serialized).toBe(1);
  });

  it('finds texts in whatever order they come, whether or not generations are dropped meanwhile', () => {
    // Alike at their samples, of two lengths, and with an unpaired surrogate.
    const all = Array.from({ length: 12 }, (_, index) => {
      const text = 'x'.repeat(index % 2 === 0 ? 300 : 3_000);
      return `${text.slice(0, 200)}${String.fromCharCode(0xd7f8 + index)}${text.slice(201)}`;
    });
    const order = fc.array(fc.tuple(fc.nat({ max: 11 }), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(order, fc.constantFrom(100_000, 12_000_000), (sequence, maxBytes) => {
        const texts = new KnownTexts(maxBytes);
        for (const [index, estimates] of sequence) {
          const text = `${all[index]}`;
          if (estimates) expect(texts.tokensOf(text, () => index)).toBe(index);
          else expect(texts.jsonOf(text)?.toString()).toBe(JSON.stringify(text));
          expect(texts.bytes).toBeLessThanOrEqual(maxBytes);
        }
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('leaves short and very long texts to the caller', () => {
    const texts = new KnownTexts();
    expect(texts.jsonOf('short')).toBeUndefined();
    expect(texts.jsonOf(long('', 1024 * 1024))).toBeUndefined();
    expect(texts.bytes).toBe(0);
  });

  it('tells long texts apart that differ only between the samples', () => {
    const texts = new KnownTexts();
    const plain = 'x'.repeat(40_000);
    const changed = `${plain.slice(0, 5_000)}y${plain.slice(5_001)}`;
    for (const text of [plain, changed, plain]) expect(texts.jsonOf(text)?.toString()).toBe(`"${text}"`);
    expect(texts.jsonOf(plain)).toBe(texts.jsonOf(plain));
  });

  it('estimates a serialised text once', () => {
    const texts = new KnownTexts();
    let calls = 0;
    const estimate = ({ length }: string) => {
      calls += 1;
      return length;
    };
    expect(texts.tokensOf(long('a'), estimate)).toBe(1_000);
    texts.jsonOf(long('a'));
    expect([1, 2, 3].map(() => texts.tokensOf(long('a'), estimate))).toEqual([1_000, 1_000, 1_000]);
    expect(texts.tokensOf('short', estimate)).toBe(5);
    expect(calls).toBe(3);
  });

  it('forgets the texts that were not used for longest, to stay within its bound', () => {
    const texts = new KnownTexts(100_000);
    for (let index = 0; index < 200; index++) {
      texts.jsonOf(long(`${index}`));
      texts.jsonOf(long('kept'));
      expect(texts.bytes).toBeLessThanOrEqual(100_000);
    }
    expect(texts.serialized).toBe(201);
    texts.jsonOf(long('199'));
    expect(texts.serialized).toBe(201);
    texts.jsonOf(long('0'));
    expect(texts.serialized).toBe(202);
  });

  it('keeps the bytes and the estimate of a text in use while others displace each other', () => {
    const texts = new KnownTexts(100_000);
    const json = texts.jsonOf(long('日'))?.toString();
    texts.tokensOf(long('日'), () => 7);
    for (let index = 0; index < 200; index++) {
      texts.jsonOf(long(`${index}`, 300 + index * 20));
      expect(texts.jsonOf(long('日'))?.toString()).toBe(json);
    }
    expect(texts.tokensOf(long('日'), () => 8)).toBe(7);
  });

  it('stays within its bound with texts of any kind and length', () => {
    const texts = new KnownTexts(4_000_000);
    for (let index = 0; index < 300; index++) {
      const text = `${index}`.padEnd(300 + ((index * 7_919) % 100_000), index % 2 === 0 ? '\u0000' : '日');
      expect(texts.jsonOf(text)?.toString() === JSON.stringify(text)).toBe(true);
      expect(texts.bytes).toBeLessThanOrEqual(4_000_000);
    }
    expect(texts.bytes).toBeGreaterThan(1_000_000);
  });

  const placed = (texts: readonly string[]) => {
    const jsons = texts.map((text) => Buffer.from(JSON.stringify(text)));
    const source = Buffer.allocUnsafeSlow(jsons.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    const places = jsons.map((json, index) => {
      const start = end;
      end += json.copy(source, start);
      return { text: texts[index] ?? '', start, end };
    });
    return { source, places };
  };

  it('keeps the source of many texts, and copies few of them', () => {
    const texts = new KnownTexts();
    const { source, places } = placed(['a', 'b', 'c', 'd'].map((mark) => long(mark)));
    texts.rememberAll(places.slice(0, 1), source);
    expect(texts.jsonOf(long('a'))?.buffer).not.toBe(source.buffer);
    texts.rememberAll(places, source);
    for (const mark of ['a', 'b', 'c', 'd'])
      expect(texts.jsonOf(long(mark))?.toString()).toBe(JSON.stringify(long(mark)));
    expect(texts.jsonOf(long('b'))?.buffer).toBe(source.buffer);
    expect(texts.serialized).toBe(0);
    const { bytes } = texts;
    texts.rememberAll(places, source);
    expect(texts.bytes).toBe(bytes);
  });

  it('stays within its bound with sources of any length', () => {
    const texts = new KnownTexts(100_000);
    for (let index = 0; index < 200; index++) {
      const all = Array.from({ length: index % 40 }, (_, part) => long(`${index} ${part}`, 300 + index * 10));
      const { source, places } = placed(all);
      texts.rememberAll(places, source);
      expect(texts.bytes).toBeLessThanOrEqual(100_000);
      for (const text of all) expect(texts.jsonOf(text)?.toString()).toBe(JSON.stringify(text));
      expect(texts.bytes).toBeLessThanOrEqual(100_000);
    }
  });
});
