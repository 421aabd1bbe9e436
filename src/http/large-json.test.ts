import { describe, expect, it } from 'vitest';
import { scanWithinLimits } from './json-limits.ts';
import { parseLargeJson, SLICE_BYTES } from './large-json.ts';

async function parsed(json: string | Buffer): Promise<unknown> {
  const bytes = Buffer.from(json as string);
  return parseLargeJson(bytes, await scanWithinLimits(bytes));
}

/** Places each character and each escape at every offset around the ends of the slices. */
const CHARACTERS = ['x', 'é', '测', '😀', '\\n', '\\"', '\\\\', '\\u6d4b', '\\ud83d\\ude00'];

describe('parseLargeJson', () => {
  it.each(CHARACTERS.flatMap((character) => [0, 1, 2, 3, 4, 5].map((offset) => [character, offset] as const)))(
    'reads long strings of %s after %i letters as the parser does',
    async (character, offset) => {
      const count = Math.ceil((2.5 * SLICE_BYTES) / Buffer.byteLength(character));
      const json = `{"a":[{"b":"${'l'.repeat(offset)}${character.repeat(count)}"},"short"],"c":null}`;
      // Compares megabytes: a failure of toEqual would print them.
      expect(JSON.stringify(await parsed(json)) === JSON.stringify(JSON.parse(json))).toBe(true);
    },
  );

  it('reads several long strings and long keys in their places', async () => {
    const long = (letter: string) => letter.repeat(SLICE_BYTES + 1);
    const json = JSON.stringify({ [long('k')]: 1, a: [long('a'), [long('b')]], '': long('c'), z: 'short' });
    expect(JSON.stringify(await parsed(json)) === json).toBe(true);
    expect((await parsed(JSON.stringify(long('r').repeat(3)))) === long('r').repeat(3)).toBe(true);
  });

  it('parses strings of a few hundred bytes with the rest', async () => {
    const texts = Array.from({ length: 6_000 }, (_, index) => `${index} "\n`.padEnd(400 + (index % 3) * 60, '测'));
    const json = JSON.stringify(texts.map((text, index) => (index % 2 === 0 ? text : { text })));
    expect(Buffer.byteLength(json)).toBeGreaterThan(2 * SLICE_BYTES);
    expect(JSON.stringify(await parsed(json)) === json).toBe(true);
    const short = JSON.stringify(texts.map((text) => text.slice(0, 160)));
    expect(Buffer.byteLength(short)).toBeGreaterThan(2 * SLICE_BYTES);
    expect(JSON.stringify(await parsed(short)) === short).toBe(true);
  });

  it('reads a member named __proto__ like JSON.parse', async () => {
    const json = `{"__proto__":{"a":"${'x'.repeat(3 * SLICE_BYTES)}"},"b":1}`;
    const value = (await parsed(json)) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__', 'b']);
    expect(JSON.stringify(value) === json).toBe(true);
    const direct = `{"__proto__":"${'x'.repeat(3 * SLICE_BYTES)}"}`;
    expect(JSON.stringify(await parsed(direct)) === direct).toBe(true);
  });

  it.each([
    ['an escape that JSON lacks', `["${'x'.repeat(3 * SLICE_BYTES)}\\q"]`],
    ['a raw control character', `["${'x'.repeat(3 * SLICE_BYTES)}\n"]`],
    ['no end of the string', `["${'x'.repeat(3 * SLICE_BYTES)}`],
    ['no end of the list', `["${'x'.repeat(3 * SLICE_BYTES)}"`],
  ])('rejects %s', async (_name, json) => {
    await expect(parsed(json)).rejects.toThrow(SyntaxError);
  });

  it('reads bytes that are not UTF-8 like TextDecoder', async () => {
    const json = Buffer.concat([Buffer.from('["'), Buffer.alloc(3 * SLICE_BYTES, 0x80), Buffer.from('"]')]);
    expect(JSON.stringify(await parsed(json)) === JSON.stringify(JSON.parse(json.toString()))).toBe(true);
  });
});
