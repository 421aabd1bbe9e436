import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThinkingTags } from './thinking-tags.ts';

/** Text unchanged, reasoning in [brackets]. */
function read(fragments: readonly string[]): string {
  const parts: { kind: 'text' | 'reasoning'; text: string }[] = [];
  let ended = true;
  const add = (kind: 'text' | 'reasoning', text: string) => {
    expect(text).not.toBe('');
    const last = parts.at(-1);
    if (last?.kind === kind && !(kind === 'reasoning' && ended)) last.text += text;
    else parts.push({ kind, text });
    ended = kind === 'text';
  };
  const tags = new ThinkingTags({
    text: (text) => {
      expect(ended).toBe(true);
      add('text', text);
    },
    reasoning: (text) => add('reasoning', text),
    reasoningEnd: () => {
      expect(ended).toBe(false);
      ended = true;
    },
  });
  for (const fragment of fragments) tags.push(fragment);
  tags.flush();
  expect(ended).toBe(true);
  return parts.map(({ kind, text }) => (kind === 'text' ? text : `[${text}]`)).join('');
}

const CASES: readonly (readonly [name: string, input: string, expected: string])[] = [
  ['text without tags', 'Hello.', 'Hello.'],
  ['reasoning first', '<thinking>Hm.</thinking>Done.', '[Hm.]Done.'],
  ['one line break after the opening tag', '<thinking>\nHm.\n</thinking>Done.', '[Hm.\n]Done.'],
  ['no more than one line break after it', '<thinking>\n\nHm.</thinking>Done.', '[\nHm.]Done.'],
  ['a line break of two characters', '<thinking>\r\nHm.</thinking>\r\nDone.', '[Hm.]Done.'],
  ['a carriage return alone', '<thinking>\rHm.</thinking>Done.', '[\rHm.]Done.'],
  ['every line break after the closing tag', '<thinking>Hm.</thinking>\n\n\nDone.', '[Hm.]Done.'],
  ['white space before the first tag', ' \n\n<thinking>Hm.</thinking>Done.', '[Hm.]Done.'],
  ['white space before text', ' \n Hello.', ' \n Hello.'],
  ['nothing but white space', ' \n ', ''],
  ['text before', 'Well.\n\n<thinking>Hm.</thinking>Done.', 'Well.\n\n[Hm.]Done.'],
  ['a tag in the middle of a line', 'Well <thinking>Hm.</thinking> done.', 'Well [Hm.] done.'],
  ['several reasoning blocks', '<thinking>a</thinking>b<thinking>c</thinking>d', '[a]b[c]d'],
  ['two in a row', '<thinking>a</thinking>\n<thinking>b</thinking>c', '[a][b]c'],
  ['an empty one', '<thinking></thinking>Done.', 'Done.'],
  ['an empty one inside text', 'a <thinking></thinking>b', 'a b'],
  ['no closing tag', '<thinking>Hm.', '[Hm.]'],
  ['half a closing tag', '<thinking>Hm.</think', '[Hm.</think]'],
  ['half an opening tag', 'a <thinki', 'a <thinki'],
  ['a reply that is half a tag', '<thin', '<thin'],
  [
    'something which only begins like a tag',
    '<think>a</think> <thinkings> <b> < <<',
    '<think>a</think> <thinkings> <b> < <<',
  ],
  ['a closing tag without an opening one', 'a</thinking>b', 'a</thinking>b'],
  ['another opening tag within', '<thinking>a<thinking>b</thinking>c', '[a<thinking>b]c'],
  ['two less-than signs', '<<thinking>a</thinking>b', '<[a]b'],
  ['a less-than sign in reasoning', '<thinking>a < b << c</thinking>d', '[a < b << c]d'],
  ['back-ticks', 'Write `<thinking>` first, then `</thinking>`.', 'Write `<thinking>` first, then `</thinking>`.'],
  ['back-ticks with words', 'Use `a <thinking> b` here.', 'Use `a <thinking> b` here.'],
  ['double back-ticks', 'Use ``a ` <thinking> b`` <thinking>c</thinking>d', 'Use ``a ` <thinking> b`` [c]d'],
  ['after back-ticks', 'Use `code` <thinking>c</thinking>d', 'Use `code` [c]d'],
  ['a lone back-tick in an earlier line', 'It`s\n<thinking>c</thinking>d', 'It`s\n[c]d'],
  ['quotes', 'The tag "<thinking>" opens, \'<thinking>\' too.', 'The tag "<thinking>" opens, \'<thinking>\' too.'],
  ['other quotes', '“<thinking>” «<thinking>» 「<thinking>」', '“<thinking>” «<thinking>» 「<thinking>」'],
  ['a backslash', '\\<thinking>', '\\<thinking>'],
  [
    'a quoted closing tag',
    '<thinking>I write `</thinking>` later.</thinking>Done.',
    '[I write `</thinking>` later.]Done.',
  ],
  [
    'a fence',
    'See:\n```xml\n<thinking>\n</thinking>\n```\n<thinking>a</thinking>b',
    'See:\n```xml\n<thinking>\n</thinking>\n```\n[a]b',
  ],
  ['a fence of tildes', '~~~\n<thinking>\n~~~\n<thinking>a</thinking>b', '~~~\n<thinking>\n~~~\n[a]b'],
  ['a longer fence', '````\n```\n<thinking>\n````\n<thinking>a</thinking>b', '````\n```\n<thinking>\n````\n[a]b'],
  [
    'an indented fence',
    '1. x\n   ```\n   <thinking>\n   ```\n<thinking>a</thinking>b',
    '1. x\n   ```\n   <thinking>\n   ```\n[a]b',
  ],
  ['a quoted fence', '> ```\n> <thinking>\n> ```\n<thinking>a</thinking>b', '> ```\n> <thinking>\n> ```\n[a]b'],
  ['a fence right before the closing tag, which ends the reply', '<thinking>```a```</thinking>', '[```a```]'],
  ['a quotation right before the closing tag', '<thinking>say "a"</thinking>b', '[say "a"]b'],
  ['a closing tag in other quotes', '<thinking>a 「</thinking>」 b</thinking>c', '[a 「</thinking>」 b]c'],
  ['an unclosed fence', '```\n<thinking>a</thinking>', '```\n<thinking>a</thinking>'],
  ['a fence inside reasoning', '<thinking>```\ncode</thinking>Done.', '[```\ncode]Done.'],
  ['a fence that ends with its reasoning', '<thinking>```</thinking>a\n<thinking>b</thinking>c', '[```]a\n[b]c'],
  ['characters beyond the basic plane', '🌍<thinking>你好🌍</thinking>🌍', '🌍[你好🌍]🌍'],
];

describe('thinking tags', () => {
  it.each(CASES)('with %s', (_name, input, expected) => {
    expect(read([input])).toBe(expected);
  });

  it.each(CASES)('cut into single characters, with %s', (_name, input, expected) => {
    expect(read(input.split(''))).toBe(expected);
  });

  it('give the same result wherever the text is cut', () => {
    const piece = fc.constantFrom(
      '<thinking>',
      '</thinking>',
      '<',
      'think',
      '`',
      '```',
      '\n',
      '\r',
      '"',
      ' ',
      'a',
      '~~~',
      '>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), fc.array(fc.nat(), { maxLength: 12 }), (pieces, cuts) => {
        const input = pieces.join('');
        const places = [0, ...cuts.map((cut) => cut % (input.length + 1)).sort((a, b) => a - b), input.length];
        const fragments = places.slice(1).map((place, index) => input.slice(places[index], place));
        expect(read(fragments)).toBe(read([input]));
      }),
      { seed: 42, numRuns: 2_000 },
    );
  });

  it('buffer only text that could still become a tag', () => {
    const texts: string[] = [];
    const tags = new ThinkingTags({ text: (text) => texts.push(text), reasoning: () => {}, reasoningEnd: () => {} });
    tags.push('a <thin');
    expect(texts).toEqual(['a ']);
    tags.push('g');
    expect(texts).toEqual(['a ', '<thing']);
    tags.push(' <');
    expect(texts).toEqual(['a ', '<thing', ' ']);
    tags.push('b');
    expect(texts).toEqual(['a ', '<thing', ' ', '<b']);
  });
});
