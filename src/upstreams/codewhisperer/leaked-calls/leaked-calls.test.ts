import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkGrammar } from '../../../../test/support/grammar.ts';
import { anyBlocks, batchesOf, type ScriptBlock, scriptOf } from '../../../../test/support/reply-script.ts';
import type { Adjustment } from '../../../core/adjustments.ts';
import { collectReply } from '../../../core/collect.ts';
import type { Tool } from '../../../core/conversation.ts';
import type { ReplyEvent } from '../../../core/reply.ts';
import { LeakedCalls } from './index.ts';

const SEEDED = { seed: 42, numRuns: 400 };

const TOOLS: readonly Tool[] = [
  {
    at: 'tools[0]',
    name: 'Write',
    description: '',
    inputSchema: {
      type: 'object',
      properties: { path: { type: 'string' }, content: { type: 'string' }, mode: { type: 'integer' } },
      required: ['path', 'content'],
    },
  },
  { at: 'tools[1]', name: 'look', description: '', inputSchema: undefined },
];

function textBlock(...pieces: string[]): ScriptBlock {
  return { type: 'text', pieces };
}

function run(blocks: readonly ScriptBlock[], sizes: readonly number[] = [1]) {
  const notes: Adjustment[] = [];
  const transform = new LeakedCalls(TOOLS, (adjustment) => notes.push(adjustment));
  const events: ReplyEvent[] = [];
  for (const batch of batchesOf(scriptOf(blocks), sizes)) events.push(...transform.push(batch));
  expect(checkGrammar(events)).toBeUndefined();
  return { events, notes };
}

async function outcome(blocks: readonly ScriptBlock[], sizes?: readonly number[]) {
  const { events, notes } = run(blocks, sizes);
  const reply = await collectReply(
    (async function* () {
      yield events;
    })(),
  );
  return {
    text: reply.blocks.flatMap((block) => (block.type === 'text' ? block.text : [])).join('|'),
    calls: reply.blocks.flatMap((block) =>
      block.type === 'tool-use' ? [{ name: block.name, input: JSON.parse(block.json) as unknown }] : [],
    ),
    stopReason: reply.stopReason,
    notes: notes.map(({ rule }) => rule),
  };
}

const WRITE = { name: 'Write', input: { path: 'a.ts', content: 'let a = 1;\n', mode: 420 } };
const PARAMETERS =
  '<parameter name="path">a.ts</parameter>\n<parameter name="content">let a = 1;\n</parameter>\n' +
  '<parameter name="mode">420</parameter>';
const INVOKE = `<invoke name="Write">\n${PARAMETERS}\n</invoke>`;
const JSON_INPUT = JSON.stringify(WRITE.input);

const LEAKS: readonly [string, string][] = [
  ['an invoke tag', INVOKE],
  ['an invoke tag in a group', `<function_calls>\n${INVOKE}\n</function_calls>`],
  [
    "an invoke tag with its vendor's prefix",
    `<function_calls>\n${INVOKE.replaceAll(/(<\/?)(invoke|parameter)/g, '$1antml:$2')}\n</function_calls>`,
  ],
  ['a tool_use tag around JSON', `<tool_use>\n{"name": "Write", "input": ${JSON_INPUT}}\n</tool_use>`],
  ['a tool_call tag around JSON', `<tool_call>{"name":"Write","arguments":${JSON_INPUT}}</tool_call>`],
  [
    'a tool_call tag with arguments as text',
    `<tool_call>{"name":"Write","arguments":${JSON.stringify(JSON_INPUT)}}</tool_call>`,
  ],
  [
    'a function tag',
    '<tool_call>\n<function=Write>\n<parameter=path>\na.ts\n</parameter>\n<parameter=content>\nlet a = 1;\n\n</parameter>\n' +
      '<parameter=mode>\n420\n</parameter>\n</function>\n</tool_call>',
  ],
  ['a sentence in brackets', `[Called Write with args: ${JSON_INPUT}]`],
];

describe('a leaked call', () => {
  it.each(LEAKS)('becomes a call if written as %s', async (_name, leak) => {
    expect(await outcome([textBlock(leak)])).toEqual({
      text: '',
      calls: [WRITE],
      stopReason: 'tool-use',
      notes: ['leaked-call-recovered'],
    });
    const afterText = await outcome([textBlock(`I will write it.\n\n${leak}\n`)]);
    expect(afterText).toMatchObject({ text: 'I will write it.\n\n', calls: [WRITE], stopReason: 'tool-use' });
  });

  it('is found wherever text and batches are cut', async () => {
    const leak = fc.constantFrom(...LEAKS.map(([, text]) => text));
    const cuts = fc.array(fc.nat(200), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(leak, cuts, fc.array(fc.nat(5), { minLength: 1 }), async (text, at, sizes) => {
        expect(await outcome([textBlock(...cut(`Now:\n${text}`, at))], sizes)).toMatchObject({
          text: 'Now:\n',
          calls: [WRITE],
          stopReason: 'tool-use',
        });
      }),
      SEEDED,
    );
  });

  it('may be one of several', async () => {
    const two = await outcome([textBlock(`${INVOKE}\n${LEAKS[3]?.[1]}`)]);
    expect(two).toMatchObject({ text: '', calls: [WRITE, WRITE], stopReason: 'tool-use' });
  });

  it('may have its own closing tags in an argument', async () => {
    const content = 'see </invoke> and </parameter> here';
    const leak = `<invoke name="Write"><parameter name="path">x</parameter><parameter name="content">${content}</parameter></invoke>`;
    expect((await outcome([textBlock(...leak)])).calls).toEqual([{ name: 'Write', input: { path: 'x', content } }]);
  });

  it('is recovered after reasoning, and leaves the reasoning alone', async () => {
    const blocks: ScriptBlock[] = [{ type: 'reasoning', pieces: [INVOKE] }, textBlock(INVOKE)];
    const { events } = run(blocks);
    expect(events.map(({ type }) => type)).toEqual([
      'reply-start',
      'reasoning-start',
      'reasoning-delta',
      'reasoning-end',
      'tool-use-start',
      'tool-use-delta',
      'tool-use-end',
      'reply-end',
    ]);
  });
});

describe('text about tools stays text', () => {
  const cases: readonly [string, string][] = [
    ['an undeclared tool', INVOKE.replaceAll('Write', 'Remove')],
    ['an undeclared tool, as JSON', '<tool_use>{"name":"Remove","input":{}}</tool_use>'],
    ['in the middle of a line', `Call it like this: ${INVOKE}`],
    ['in a code fence', `An example:\n\`\`\`xml\n${INVOKE}\n\`\`\``],
    ['in an unclosed fence of tildes', `~~~\n${INVOKE}`],
    ['in an indented code block', `    ${INVOKE}`],
    ['followed by an explanation', `${INVOKE}\nThat is how a call looks.`],
    ['without a required argument', '<invoke name="Write"><parameter name="path">x</parameter></invoke>'],
    ['never closed', '<invoke name="Write">\n<parameter name="path">a.ts</parameter>'],
    ['broken JSON', '<tool_use>{"name":"Write","input":{"path":}}</tool_use>'],
    ['a list in brackets', '[Called twice]\n[x] done'],
    ['a mere tag', '<invoke> is a tag.\n<b>bold</b>\n<tool_use> another'],
  ];

  it.each(cases)('%s', async (_name, text) => {
    const expected = { text, calls: [], stopReason: 'end-turn', notes: [] };
    expect(await outcome([textBlock(text)])).toEqual(expected);
    expect(await outcome([textBlock(...text)])).toEqual(expected);
  });

  it('if there is a structured call before or after it', async () => {
    const call: ScriptBlock = { type: 'tool-use', pieces: ['{"a":1}'] };
    for (const blocks of [
      [call, textBlock(INVOKE)],
      [textBlock(INVOKE), call],
    ]) {
      const { text, calls } = await outcome(blocks);
      expect(text).toBe(INVOKE);
      expect(calls).toEqual([{ name: 'look', input: { a: 1 } }]);
    }
  });

  it('beside any other text, in any pieces', async () => {
    const scraps = fc.constantFrom(
      ...[
        '\n',
        ' ',
        'a',
        '<',
        '<invoke name="',
        'Write',
        'Nope',
        '">',
        '</invoke>',
        '```',
        '~~~',
        '[Called ',
        '{"a":',
        '}]',
      ],
    );
    const texts = fc.array(scraps, { maxLength: 30 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, fc.array(fc.nat(200)), async (text, at) => {
        expect(await outcome([textBlock(...cut(text, at))])).toMatchObject({ text, calls: [] });
      }),
      SEEDED,
    );
  });

  it('and other replies are unchanged', () => {
    fc.assert(
      fc.property(anyBlocks, fc.array(fc.nat(5), { minLength: 1 }), (blocks, sizes) => {
        const { events } = run(blocks, sizes);
        const textOf = (list: readonly ReplyEvent[]) =>
          list.map((event) => ('text' in event ? event.text.plain : 'json' in event ? event.json.plain : '')).join('');
        expect(textOf(events)).toBe(textOf(scriptOf(blocks)));
      }),
      SEEDED,
    );
  });
});

describe('text that could become a call', () => {
  it('is buffered, and nothing else is', () => {
    const transform = new LeakedCalls(TOOLS, () => {});
    const shown: string[] = [];
    for (const event of scriptOf([textBlock('Hi.\n', '<', 'inv', 'oke>', ' no')])) {
      const events = transform.push([event]);
      shown.push(events.map((each) => (each.type === 'text-delta' ? each.text.plain : '')).join(''));
    }
    expect(shown.join('/')).toBe('//Hi.\n///<invoke>/ no//');
  });

  it('takes linear time', () => {
    const content = `${'{"a":[{"b":"c"}]},</invoke>\n'.repeat(4_000)}`;
    const leak = `<invoke name="Write">\n<parameter name="path">x</parameter>\n<parameter name="content">${content}</parameter>\n</invoke>`;
    const pieces = leak.match(/.{1,12}/gs) ?? [];
    const { events } = run([textBlock(...pieces)], [50]);
    expect(events.some(({ type }) => type === 'tool-use-start')).toBe(true);
  });
});

function cut(text: string, at: readonly number[]): string[] {
  const places = [...new Set(at.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((end, i) => text.slice(i === 0 ? 0 : places[i - 1], end));
}
