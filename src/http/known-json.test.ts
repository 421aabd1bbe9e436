import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownTexts } from '../core/known-texts.ts';
import { scanWithinLimits } from './json-limits.ts';
import { rememberTexts } from './known-json.ts';

/** The texts' cache after the JSON was read, and what was parsed. */
async function read(json: string | Buffer): Promise<{ readonly known: KnownTexts; readonly value: unknown }> {
  const bytes = Buffer.from(json as string);
  const known = new KnownTexts();
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  rememberTexts(value, bytes, await scanWithinLimits(bytes), known);
  return { known, value };
}

const long = (mark: string) => mark.padEnd(600, 'a "quoted" path\\to\n\t日本語 ');

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** JSON in spellings that clients may use, with names that stand twice and names that are moved to the beginning. */
function spelled(value: unknown, choose: (ways: number) => number): string {
  if (typeof value === 'string') return choose(4) === 0 ? escaped(value, choose(4)) : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => spelled(item, choose)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => {
    const name = JSON.stringify(choose(12) === 0 ? String(choose(3)) : choose(12) === 0 ? 'twice' : key);
    return `${name}:${spelled(member, choose)}`;
  });
  return `{${members.join(',')}}`;
}

function escaped(text: string, way: number): string {
  const json = JSON.stringify(text);
  if (way === 0) return json.replaceAll('/', '\\/');
  if (way === 1) return json.replaceAll('\\n', '\\u000a');
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

describe('rememberTexts', () => {
  it('remembers the JSON of a text that came as JSON.stringify prints it', async () => {
    // The last is as short as texts that are remembered may be.
    const texts = [...['first', 'second'].map(long), 'third'.padEnd(256, 'a')];
    const { known } = await read(JSON.stringify({ a: texts[0], b: ['short', { c: texts[1] }], d: texts[2] }));
    for (const text of texts) expect(known.jsonOf(text)?.toString()).toBe(JSON.stringify(text));
    expect(known.serialized).toBe(0);
  });

  it.each([
    ['an escaped slash', (json: string) => json.replace('quoted', 'quoted\\/')],
    ['an escaped letter', (json: string) => json.replace('quoted', '\\u0071uoted')],
    ['an escaped character', (json: string) => json.replaceAll('日', '\\u65e5')],
    ['an escaped line feed', (json: string) => json.replaceAll('\\n', '\\u000A')],
    ['a name that stands twice', (json: string) => `{"a":"short","b":${json},"a":${JSON.stringify(long('other'))}}`],
    ['a name that is an index', (json: string) => `{"a":${json},"1":${JSON.stringify(long('other'))}}`],
  ])('does not with %s', async (_what, change) => {
    const { known, value } = await read(change(JSON.stringify(long('text'))));
    const texts = stringsIn(value).filter((text) => text.length >= 500);
    for (const text of texts) expect(known.jsonOf(text)?.toString()).toBe(JSON.stringify(text));
    expect(texts.length).toBeGreaterThan(0);
    expect(known.serialized).toBe(texts.length);
  });

  it('never takes another JSON for a text than JSON.stringify prints', async () => {
    const text = fc
      .tuple(
        fc.integer({ min: 0, max: 700 }),
        fc.string({ unit: fc.constantFrom('x', '"', '\\', '/', '\n', '\u0001', '日', '😀', '\ud800') }),
      )
      .map(([length, unit]) => unit.repeat(Math.ceil(length / Math.max(1, unit.length))));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        text,
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value')),
      ),
    }));
    let remembered = 0;
    await fc.assert(
      fc.asyncProperty(value, fc.infiniteStream(fc.nat(11)), async (wanted, choices) => {
        const json = spelled(wanted, (ways) => (choices.next().value ?? 0) % ways);
        const { known, value: parsed } = await read(json);
        const texts = new Set(stringsIn(parsed).filter(({ length }) => length >= 256));
        for (const each of texts) expect(known.jsonOf(each)?.toString()).toBe(JSON.stringify(each));
        remembered += texts.size - known.serialized;
      }),
      { seed: 42, numRuns: 300 },
    );
    expect(remembered).toBeGreaterThan(50);
  });
});
