import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCodePoint } from '../../../test/support/code-points.ts';
import { Chunk } from '../../framing/event-stream.ts';
import { EscapedMember } from './escaped-member.ts';

function payload(json: string | Uint8Array): Parameters<EscapedMember['cut']>[0] {
  const bytes = Buffer.from(json);
  return { chunk: new Chunk(bytes), start: 0, end: bytes.length };
}

/** Like the decoder: cuts if possible, else parses and learns. */
function read(member: EscapedMember, json: string): { content: unknown; wasCut: boolean } {
  const escaped = member.cut(payload(json));
  if (escaped !== undefined) return { content: JSON.parse(`"${escaped}"`), wasCut: true };
  const { content } = JSON.parse(json);
  if (typeof content === 'string') member.learn(json, content);
  return { content, wasCut: false };
}

describe('the changing member', () => {
  it('is cut out at once if it is the only member', () => {
    expect(new EscapedMember('content').cut(payload('{"content":"Hi\\n"}'))).toBe('Hi\\n');
  });

  it.each([
    ['a member after it', (content: string) => ({ content, modelId: 'm' })],
    ['a member before it', (content: string) => ({ modelId: 'm', content })],
    ['members around it', (content: string) => ({ a: [1, { b: null }], content, c: '","content":"x' })],
  ])('is cut out after one lesson with %s', (_name, payload) => {
    const member = new EscapedMember('content');
    expect(read(member, JSON.stringify(payload('first')))).toEqual({ content: 'first', wasCut: false });
    for (const content of ['second', '', '"}', 'a\\', '","modelId":"n', '\u0000🌍']) {
      expect(read(member, JSON.stringify(payload(content)))).toEqual({ content, wasCut: true });
    }
  });

  it('is learnt again if its surroundings change', () => {
    const member = new EscapedMember('content');
    const frames = ['m', 'm', 'n', 'n'].map((modelId) => JSON.stringify({ content: 'x', modelId }));
    expect(frames.map((json) => read(member, json).wasCut)).toEqual([false, true, false, true]);
  });

  it('is no longer learnt if they keep changing', () => {
    const member = new EscapedMember('content');
    for (let n = 0; n < 100; n++) read(member, JSON.stringify({ content: 'x', n }));
    const json = JSON.stringify({ content: 'x', n: 'last' });
    expect(read(member, json).wasCut).toBe(false);
    expect(read(member, json).wasCut).toBe(false);
  });

  it.each([
    ['a member of the same name deeper down', '{"a":{"content":"x"},"content":"x"}'],
    ['a later member of the same name', '{"content":"x","content":"x"}'],
    ['a string that looks like it', '{"a":"\\"content\\":\\"x\\"","content":"x"}'],
    ['spaces', '{ "content" : "x" }'],
    ['an envelope', '{"assistantResponseEvent":{"content":"x"}}'],
  ])('is never mistaken for %s', (_name, json) => {
    const member = new EscapedMember('content');
    member.learn(json, 'x');
    const changed = json.replace('x', 'y');
    expect(read(member, changed).content).toBe(JSON.parse(changed).content);
  });

  it.each([
    '{"content":"a"b"}',
    '{"content":"a\\"}',
    '{"content":"a\\x"}',
    '{"content":"\\u12g4"}',
    '{"content":"\\u12"}',
    '{"content":"a\nb"}',
    '{"content":"a\u0000b"}',
    '{"content":"}',
    '{"content":"a","b":"c"}',
    '{"content":"a"',
    '',
  ])('is not cut out of %j', (json) => {
    expect(new EscapedMember('content').cut(payload(json))).toBeUndefined();
  });

  it('always equals the result of JSON.parse', () => {
    const fragment = fc.oneof(
      fc.string({ unit: anyCodePoint, maxLength: 8 }),
      fc.constantFrom('\\', '"', '"}', '\\"', '\\u00', '\\u0041', ',"content":"', '\n', '\u2028', '{', '\ud83c'),
    );
    const raw = fc.array(fragment, { maxLength: 6 }).map((parts) => parts.join(''));
    const other = fc.constantFrom('', ',"modelId":"m"', ',"content":"z"', ',"n":1');
    const json = fc.tuple(other, raw, fc.boolean(), other).map(([before, text, valid, after]) => {
      const inside = valid ? JSON.stringify(text) : `"${text}"`;
      return `{${before === '' ? '' : `${before.slice(1)},`}"content":${inside}${after}}`;
    });
    fc.assert(
      fc.property(fc.array(json, { maxLength: 12 }), (frames) => {
        const member = new EscapedMember('content');
        for (const text of frames) {
          // Unpaired surrogates have no bytes.
          const parsed = tryParse(text.toWellFormed());
          const escaped = member.cut(payload(text));
          if (escaped !== undefined) expect(JSON.parse(`"${escaped}"`)).toBe(parsed);
          else if (typeof parsed === 'string') member.learn(text, parsed);
        }
      }),
      { seed: 42, numRuns: 3_000 },
    );
  });

  it('equals the result of JSON.parse for any bytes', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom('a', 'é', '日本', '🙂', '\\n', '\\ud83d', '"', '\\').map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const bytes = Buffer.concat([Buffer.from('{"content":"'), ...pieces, Buffer.from('"}')]);
        const escaped = new EscapedMember('content').cut(payload(bytes));
        const parsed = tryParse(bytes.toString('utf8'));
        if (escaped === undefined)
          expect(parsed === undefined || JSON.stringify({ content: parsed })).not.toBe(bytes.toString());
        else expect(JSON.parse(`"${escaped}"`)).toBe(parsed);
      }),
      { seed: 42, numRuns: 3_000 },
    );
  });
});

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json).content;
  } catch {
    return undefined;
  }
}
