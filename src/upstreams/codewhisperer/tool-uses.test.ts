import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  callLines,
  context,
  decode,
  errorOf,
  frame,
  id,
  input,
  outline,
  reasoning,
  reasoningLines,
  stopReason,
  TOOL_END,
  text,
  textLines,
  tool,
} from '../../../test/support/reply-frames.ts';
import type { Adjustment } from '../../core/adjustments.ts';
import type { JsonObject } from '../../core/json.ts';
import { createDecoder } from './decode.ts';

const listing = (more: JsonObject = {}, toolUseId = 'tooluse_l') => tool({ name: 'list_files', toolUseId, ...more });
const reading = (more: JsonObject = {}) => tool({ name: 'read_file', toolUseId: id, ...more });
const listed = callLines([], 'tooluse_l', 'list_files');
const closing = [
  stopReason('TOOL_USE'),
  frame('contextUsageEvent', { contextUsagePercentage: 5 }),
  frame('meteringEvent', { usage: 0.1, unit: 'credit' }),
];
const TRUNCATED = 'reply-error tool_use_truncated';

type Row = readonly [name: string, frames: readonly Buffer[], expected: readonly string[]];

describe('a tool call without arguments', () => {
  it.each<Row>([
    ['needs no stop if the reply ended in order', [listing({ input: '' }), ...closing], [...listed, TOOL_END]],
    ['needs only one of the closing events', [listing({ input: '' }), ...closing.slice(2)], [...listed, TOOL_END]],
    ['needs no closing events if it has a stop', [listing({ input: '', stop: true })], [...listed, TOOL_END]],
    [
      'may have an empty object',
      [listing({ input: {} }), ...closing],
      [...callLines(['{}'], 'tooluse_l', 'list_files'), TOOL_END],
    ],
    [
      'may have the text of an empty object',
      [listing({ input: '{}' }), ...closing],
      [...callLines(['{}'], 'tooluse_l', 'list_files'), TOOL_END],
    ],
    [
      'may be followed by text',
      [listing({ input: '' }), text('Now.'), ...closing],
      [...listed, ...textLines('Now.'), TOOL_END],
    ],
    [
      'may be followed by another',
      [listing({ input: '' }), listing({ input: '' }, 'tooluse_m'), ...closing],
      [...listed, ...callLines([], 'tooluse_m', 'list_files'), TOOL_END],
    ],
    [
      'is truncated in a reply that was cut off',
      [listing({ input: '' })],
      ['tool-use-start tooluse_l list_files', TRUNCATED],
    ],
    [
      'is truncated if its schema requires arguments',
      [reading({ input: '' }), ...closing],
      [`tool-use-start ${id} read_file`, TRUNCATED],
    ],
    [
      'is truncated if its schema requires arguments and it was stopped',
      [reading({ input: '', stop: true }), ...closing],
      [`tool-use-start ${id} read_file`, TRUNCATED],
    ],
    [
      'is truncated if the output limit may have cut its input off',
      [listing({ input: '', stop: true }), stopReason('MAX_TOKENS')],
      ['tool-use-start tooluse_l list_files', TRUNCATED],
    ],
    [
      'is truncated if the tool was not offered and no stop arrived',
      [tool({ name: 'unknown', toolUseId: id, input: '' }), ...closing],
      [`tool-use-start ${id} unknown`, TRUNCATED],
    ],
  ])('%s', (_name, frames, expected) => {
    expect(outline(decode(frames))).toEqual(expected);
  });
});

describe('a tool call without a stop', () => {
  it.each<Row>([
    [
      'is complete if its input is and the reply ended in order',
      [reading({ input }), ...closing],
      [...callLines([input]), TOOL_END],
    ],
    [
      'is complete if its input is an object',
      [reading({ input: { path: 'a' } }), ...closing],
      [...callLines([input]), TOOL_END],
    ],
    [
      'is truncated if its input is a partial object',
      [reading({ input: '{"path":"' }), ...closing],
      [`tool-use-start ${id} read_file`, 'tool-use-delta {"path":"', TRUNCATED],
    ],
    [
      'is complete if its input is and the account is not known to send closing events',
      [reading({ input })],
      [...callLines([input]), TOOL_END],
    ],
  ])('%s', (_name, frames, expected) => {
    expect(outline(decode(frames))).toEqual(expected);
  });

  it('is truncated if the account sends closing events and none arrived', () => {
    const expected = [`tool-use-start ${id} read_file`, `tool-use-delta ${input}`, TRUNCATED];
    expect(outline(decode([reading({ input })], { expectsClosingEvents: true }))).toEqual(expected);
  });
});

describe('parallel tool calls', () => {
  const both = [...listed, ...callLines([input]), TOOL_END];

  it.each<Row>([
    [
      'the first has no arguments',
      [listing({ input: '' }), reading({ input: '' }), reading({ input }), reading({ stop: true }), ...closing],
      both,
    ],
    [
      'the first is stopped last',
      [listing(), reading({ input }), reading({ stop: true }), listing({ stop: true })],
      both,
    ],
    ['neither is stopped', [listing({ input: '' }), reading({ input }), ...closing], both],
    [
      'their fragments alternate',
      [
        reading({ input: '{"pa' }),
        tool({ name: 'read_file', toolUseId: 'tooluse_b', input: '{"path"' }),
        reading({ input: 'th":' }),
        tool({ name: 'read_file', toolUseId: 'tooluse_b', input: ':"b"}' }),
        reading({ input: '"a"}' }),
        tool({ name: 'read_file', toolUseId: 'tooluse_b', stop: true }),
        reading({ stop: true }),
      ],
      [...callLines(['{"pa', 'th":', '"a"}']), ...callLines(['{"path"', ':"b"}'], 'tooluse_b'), TOOL_END],
    ],
    [
      'a fragment without an id belongs to the call before it',
      [
        listing({ input: '' }),
        reading({ input: '{"path":' }),
        tool({ input: '"a"}' }),
        tool({ stop: true }),
        ...closing,
      ],
      [...listed, ...callLines(['{"path":', '"a"}']), TOOL_END],
    ],
    [
      'a complete call is ended late',
      [reading({ input }), listing({ input: '' }), reading({ stop: true }), listing({ stop: true })],
      [...callLines([input]), ...listed, TOOL_END],
    ],
    [
      'text and reasoning between them stay in place',
      [
        text('One.'),
        listing({ input: '' }),
        reasoning({ text: 'Hm.', signature: 'sig' }),
        text('Two.'),
        frame('citationEvent', { citationLink: 'u' }),
        reading({ input, stop: true }),
        ...closing,
      ],
      [
        ...textLines('One.'),
        ...listed,
        ...reasoningLines('sig', 'Hm.'),
        ...textLines('Two.'),
        'source web',
        ...callLines([input]),
        TOOL_END,
      ],
    ],
  ])('do not leak into each other: %s', (_name, frames, expected) => {
    expect(outline(decode(frames))).toEqual(expected);
    expect(outline(decode([Buffer.concat(frames)]))).toEqual(expected);
  });

  it('may buffer more than the limit over a complete reply', () => {
    const decoder = createDecoder(context());
    const words = text('x'.repeat(1024 * 1024));
    const rounds = Array.from({ length: 17 }, (_, index) => [
      ...decoder.push(listing({ input: '' }, `tooluse_${index}`)),
      ...decoder.push(words),
      ...decoder.push(listing({ input: '{"a":1}', stop: true }, `tooluse_${index}`)),
    ]);
    expect(outline([...rounds.flat(), ...decoder.end()]).at(-1)).toBe(TOOL_END);
  });

  it('are searched for their end once, however often other content interrupts them', () => {
    const decoder = createDecoder(context());
    const piece = `${'x'.repeat(1_000)}{}`;
    const interrupted = Array.from({ length: 1_000 }, () => [reading({ input: piece }), text('.')]).flat();
    const parse = vi.spyOn(JSON, 'parse');
    onTestFinished(() => parse.mockRestore());
    const events = [reading({ input: '{"path":"' }), ...interrupted, reading({ input: '"}' }), text('!'), ...closing]
      .flatMap((bytes) => decoder.push(bytes))
      .concat(decoder.end());
    const parsedChars = parse.mock.calls.reduce((sum, [json]) => sum + json.length, 0);
    expect(outline(events).at(-1)).toBe(TOOL_END);
    expect(parsedChars).toBeLessThan(10 * 1_000 * piece.length);
  });

  it('are searched no further after the end of a value that is not an object of JSON', () => {
    const decoder = createDecoder(context());
    const wrong = Array.from({ length: 1_000 }, () => [reading({ input: '{"a":x}' }), text('.')]).flat();
    const parse = vi.spyOn(JSON, 'parse');
    onTestFinished(() => parse.mockRestore());
    for (const bytes of wrong) decoder.push(bytes);
    const parsedChars = parse.mock.calls.reduce((sum, [json]) => sum + json.length, 0);
    expect(errorOf(decoder.end()).code).toBe('tool_use_truncated');
    expect(parsedChars).toBeLessThan(200_000);
  });

  it('are bounded in number and size while incomplete', () => {
    const many = createDecoder(context());
    const calls = Array.from({ length: 1_100 }, (_, index) => many.push(listing({ input: '' }, `tooluse_${index}`)));
    expect(errorOf(calls.flat()).code).toBe('upstream_broken');

    const inputs = createDecoder(context());
    const piece = 'x'.repeat(1024 * 1024);
    const begun = Array.from({ length: 17 }, (_, index) =>
      inputs.push(tool({ toolUseId: `tooluse_${index}`, input: `{"a":"${piece}` })),
    );
    expect(errorOf(begun.flat()).code).toBe('upstream_broken');

    const large = createDecoder(context());
    large.push(listing({ input: '' }));
    const words = text('x'.repeat(1024 * 1024));
    expect(errorOf(Array.from({ length: 17 }, () => large.push(words)).flat()).code).toBe('upstream_broken');
  });
});

describe('arguments that are not valid JSON', () => {
  const read = (written: string, ...more: Buffer[]) => {
    const notes: Adjustment[] = [];
    const frames = [reading({ input: written }), reading({ stop: true }), ...more];
    const events = decode(frames, { note: (adjustment) => void notes.push(adjustment) });
    const json = events.map((event) => (event.type === 'tool-use-delta' ? event.json.plain : '')).join('');
    return { json, notes: notes.map(({ rule, before }) => `${rule} ${before}`), end: outline(events).at(-1) };
  };
  const repaired = ['tool-arguments-repaired read_file'];

  it('are repaired if there is one way to read them', () => {
    const { json, notes, end } = read('{"path":"C:\\Users\\x\n"}');
    expect(JSON.parse(json)).toEqual({ path: 'C:\\Users\\x\n' });
    expect({ notes, end }).toEqual({ notes: repaired, end: TOOL_END });
  });

  it('are repaired while they stream', () => {
    const written = '{"path":"C:\\users\\\u00e9\t\\d"}';
    for (let cut = 1; cut < written.length; cut++) {
      const frames = [reading({ input: written.slice(0, cut) }), reading({ input: written.slice(cut), stop: true })];
      const events = decode(frames);
      const json = events.map((event) => (event.type === 'tool-use-delta' ? event.json.plain : '')).join('');
      expect(JSON.parse(json)).toEqual({ path: 'C:\\users\\é\t\\d' });
    }
  });

  it.each([
    ['can be read in two ways', '{"path":"C:\\Users\\new"}'],
    ['lack a required property after the repair', '{"file":"C:\\Users"}'],
    ['are broken outside their strings', '{"path":"C:\\Users",}'],
    ['are not an object', '["C:\\Users"]'],
    ['end in the middle of a string', '{"path":"C:\\Users\\"}'],
  ])('are an error when they %s', (_name, written) => {
    expect(read(written, ...closing)).toMatchObject({ notes: [], end: TRUNCATED });
  });

  it('are not noted if they are valid', () => {
    expect(read('{"path":"C:\\\\Users\\n"}')).toEqual({ json: '{"path":"C:\\\\Users\\n"}', notes: [], end: TOOL_END });
  });
});
