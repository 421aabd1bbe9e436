import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { knownTexts } from '../core/known-texts.ts';
import { MAX_VALUES, scanWithinLimits } from './json-limits.ts';
import { KnownBodies } from './known-bodies.ts';

async function parsed(known: KnownBodies, json: string): Promise<unknown> {
  const bytes = Buffer.from(json);
  const reader = known.reader(bytes);
  const scanned = await scanWithinLimits(bytes, reader);
  if (!reader) throw new Error('the body of a test must be long enough to be remembered');
  return reader.parse(scanned);
}

const PADDING = 'p'.repeat(16 * 1024);
/** A known element with such a text is more than a sixteenth of the body. */
const LONG = 'long '.repeat(1_000);
const message = (index: number, text = 'text') => ({
  role: 'user',
  content: [{ type: 'text', text: `${text} ${index}` }],
});
const messages = (count: number) => Array.from({ length: count }, (_, index) => message(index));
const body = (members: object) => JSON.stringify({ padding: PADDING, ...members });

interface Chat {
  readonly messages: readonly unknown[];
  readonly tools: readonly unknown[];
}
const chatIn = (value: unknown) => value as Chat; // the tests' own JSON

describe('KnownBodies', () => {
  it('shares the elements that a body has in common with an earlier one', async () => {
    const known = new KnownBodies();
    const tools = [{ name: 'a' }, { name: 'b' }];
    const first = chatIn(await parsed(known, body({ tools, messages: messages(5) })));
    const second = chatIn(await parsed(known, body({ tools, messages: messages(7) })));
    expect(second).toEqual({ padding: PADDING, tools, messages: messages(7) });
    for (const [index, element] of first.messages.entries()) expect(second.messages[index]).toBe(element);
    for (const [index, element] of first.tools.entries()) expect(second.tools[index]).toBe(element);
  });

  it('does not scan them again', async () => {
    const known = new KnownBodies();
    await parsed(known, body({ messages: messages(100) }));
    const bytes = Buffer.from(body({ messages: messages(101) }));
    const reader = known.reader(bytes);
    const indexes: number[] = [];
    await scanWithinLimits(bytes, {
      begin: (key, start) => reader?.begin(key, start),
      endElement: (index) => void indexes.push(index),
    });
    expect(indexes).toEqual([100]);
  });

  it('keeps one body of a conversation that grows', async () => {
    const known = new KnownBodies();
    let bytes = 0;
    for (let count = 1; count <= 30; count++) {
      await parsed(known, body({ messages: messages(count) }));
      if (count === 1) bytes = known.bytes;
    }
    expect(known.bytes).toBeLessThan(1.5 * bytes);
  });

  it('keeps the bodies of different conversations that begin alike', async () => {
    const known = new KnownBodies();
    const [system, tools] = [[{ type: 'text', text: 'Be brief.' }], [{ name: 'a' }]];
    const bodyOf = (name: string) => body({ system, tools, messages: [message(0), message(1, name)] });
    await parsed(known, bodyOf('a'));
    const { bytes } = known;
    for (const name of ['b', 'c']) await parsed(known, bodyOf(name));
    expect(known.bytes).toBe(3 * bytes);
  });

  it('shares nothing behind the first element that differs', async () => {
    const known = new KnownBodies();
    const first = chatIn(await parsed(known, body({ messages: messages(6) })));
    const changed = messages(6).with(2, message(2, 'other'));
    const second = chatIn(await parsed(known, body({ messages: changed })));
    expect(second.messages).toEqual(changed);
    expect(second.messages.map((element, index) => element === first.messages[index])).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('gives each body a list of its own', async () => {
    const known = new KnownBodies();
    const first = chatIn(await parsed(known, body({ messages: messages(3) })));
    (first.messages as unknown[]).length = 0;
    expect(await parsed(known, body({ messages: messages(3) }))).toEqual({ padding: PADDING, messages: messages(3) });
  });

  it('reads whatever bodies follow each other like JSON.parse', async () => {
    const element = fc.oneof(
      // Where elements with the second of them are known, they are left out of what is parsed.
      {
        weight: 8,
        arbitrary: fc
          .tuple(fc.nat({ max: 2 }), fc.constantFrom('text', LONG))
          .map(([index, text]) => message(index, text)),
      },
      { weight: 1, arbitrary: fc.jsonValue() },
    );
    const list = fc.array(element, { maxLength: 6 });
    const members = fc.array(
      fc.tuple(
        fc.constantFrom('messages', 'tools', 'input', 'other', '__proto__', 'mess\\u0061ges'),
        fc.oneof(list, element),
      ),
      { maxLength: 4 },
    );
    const space = fc.constantFrom(undefined, 1, '\t');
    const bodies = fc.array(fc.tuple(members, space), { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(bodies, async (sequence) => {
        const known = new KnownBodies();
        for (const [pairs, indentation] of sequence) {
          const json = `{${[['padding', PADDING] as const, ...pairs]
            .map(([key, value]) => `"${key}":${JSON.stringify(value, null, indentation)}`)
            .join(',')}}`;
          expect(await parsed(known, json)).toEqual(JSON.parse(json));
        }
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it('remembers the JSON of the texts beside known elements, whether those are left out or parsed again', async () => {
    let added = 0;
    const part = fc.tuple(fc.nat({ max: 9 }), fc.constantFrom(0, 600, 4_000)).map(([letter, length]) => ({
      name: `${letter} "日本語"\n`.padEnd(length, String.fromCharCode(0x61 + letter)),
    }));
    const texts = fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
    const bodies = fc.array(fc.tuple(texts, texts, texts), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(bodies, async (sequence) => {
        const known = new KnownBodies();
        for (const [tools, other, messages] of sequence) {
          const all = [tools, other, messages].flat(2).map(({ name }) => name);
          knownTexts.clear();
          const of = (lists: readonly unknown[]) => lists.map((content) => ({ role: 'user', content }));
          await parsed(known, body({ tools: of(tools), other, messages: of(messages) }));
          for (const each of all)
            expect(knownTexts.jsonOf(each)?.toString() ?? JSON.stringify(each)).toBe(JSON.stringify(each));
          // Those of known elements were remembered with an earlier body, and are forgotten by now.
          const { serialized } = knownTexts;
          added += 1;
          const text = `${added}`.padEnd(600, 'x');
          const grown = [...of(messages), { role: 'user', content: text }];
          await parsed(known, body({ tools: of(tools), other: [other, text], messages: grown }));
          knownTexts.jsonOf(text);
          expect(knownTexts.serialized).toBe(serialized);
        }
      }),
      { seed: 42, numRuns: 60 },
    );
  });

  it('reads long strings outside of the known elements in their places', async () => {
    const known = new KnownBodies();
    const long = (letter: string) => letter.repeat(600_000);
    const json = (count: number) =>
      JSON.stringify({
        a: long('a'),
        messages: messages(count),
        b: long('b'),
        tools: [{ d: long('t') }],
        c: long('c'),
        d: long('d'),
      });
    await parsed(known, json(3));
    for (const count of [3, 4]) expect(JSON.stringify(await parsed(known, json(count))) === json(count)).toBe(true);
  });

  it.each([
    ['behind known elements', '}]', '}x]'],
    ['at the end', /\}$/, ''],
    ['of a number behind an object', '}]', '}1]'],
  ])('rejects invalid JSON with the parser’s own message: %s', async (_name, from, to) => {
    const known = new KnownBodies();
    const valid = body({ messages: messages(3) });
    await parsed(known, valid);
    const invalid = valid.replace(from, to);
    const message = await parsed(known, invalid).catch((error: Error) => error.message);
    expect(() => JSON.parse(invalid)).toThrow(String(message));
  });

  it('counts the values of known elements towards the limit', async () => {
    const known = new KnownBodies();
    const half = Array.from({ length: MAX_VALUES / 2 - 100 }, () => 0);
    const messages = [{ content: half }];
    await parsed(known, body({ messages }));
    await parsed(known, body({ messages, other: half }));
    await expect(parsed(known, body({ messages, other: [half, half] }))).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('counts the memory of parsed values, which is many times that of their JSON', async () => {
    const known = new KnownBodies();
    await parsed(known, body({ messages: messages(1) }));
    const { bytes } = known;
    await parsed(known, body({ messages: Array.from({ length: 20_000 }, () => ({})) }));
    expect(known.bytes - bytes).toBeGreaterThan(20_000 * 100);
  });

  it('stays within its bound, and forgets the bodies that were not used for longest', async () => {
    const known = new KnownBodies(400_000);
    const of = (name: number) => body({ messages: [message(name), message(name, 'more')] });
    for (let name = 0; name < 30; name++) {
      await parsed(known, of(name));
      expect(known.bytes).toBeLessThanOrEqual(400_000);
    }
    const matched = (name: number) => known.find('messages', Buffer.from(of(name)), of(name).indexOf('[') + 1)?.count;
    expect([0, 29].map(matched)).toEqual([undefined, 2]);
  });
});
