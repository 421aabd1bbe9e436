/** What the model reads for every kind of item that clients send. */

import { describe, expect, it } from 'vitest';
import { attachmentOf } from '../../../test/support/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import { runAtOnce } from '../../core/steps.ts';
import { carry } from '../reading/carrier.ts';
import { parseRequest } from './parse.ts';
import type { Past } from './past.ts';

const context = { header: () => undefined, nowMs: 0 };
const PNG = 'iVBORw0KGgo=';

function parse(input: unknown, fields: object = {}, past?: Past) {
  return runAtOnce(parseRequest({ model: 'm', input, ...fields }, context, past));
}

/** Turns as `role` and its parts without their paths. */
function turnsOf({ turns }: Conversation) {
  return turns.map(({ role, parts }) => [role, ...parts.map(({ at: _, ...part }) => part)]);
}
const read = (input: unknown, fields?: object, past?: Past) => turnsOf(parse(input, fields, past).conversation);

const hi = { role: 'user', content: 'Hi' };
const text = (words: string) => ({ type: 'text', text: words });
const use = (name: string, input: unknown) => ({ type: 'tool-use', toolUseId: 'c1', name, input });
const result = (...content: object[]) => ({ type: 'tool-result', toolUseId: 'c1', isError: false, content });

describe('messages', () => {
  it('may be a string, a list without types, or parts', () => {
    expect(read('Hi')).toEqual([['user', text('Hi')]]);
    expect(read([hi, { role: 'assistant', content: 'Yes?' }])).toEqual([
      ['user', text('Hi')],
      ['assistant', text('Yes?')],
    ]);
    const content = [
      { type: 'input_text', text: 'See' },
      { type: 'input_image', image_url: `data:image/png;base64,${PNG}`, detail: 'original' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' },
      { type: 'input_file', file_url: 'https://example.com/b.pdf' },
    ];
    expect(read([{ type: 'message', role: 'user', content }])).toMatchObject([
      [
        'user',
        text('See'),
        { type: 'image', mediaType: 'image/png', attachment: { base64: PNG } },
        { type: 'document', name: 'a.pdf', mediaType: 'application/pdf' },
        { type: 'document', source: { type: 'url', url: 'https://example.com/b.pdf' } },
      ],
    ]);
  });

  it('may have instructions before and between them', () => {
    const { conversation } = parse([{ role: 'developer', content: 'Two' }, hi, { role: 'system', content: 'Three' }], {
      instructions: 'One',
    });
    expect(conversation.system.map(({ text: said, at }) => [said, at])).toEqual([
      ['One', 'instructions'],
      ['Two', 'input[0].content'],
    ]);
    expect(turnsOf(conversation)).toEqual([
      ['user', text('Hi')],
      ['system', text('Three')],
    ]);
  });

  it('that are only instructions become the user message', () => {
    const { conversation, adjustments } = parse(undefined, { instructions: 'Say something.' });
    expect(turnsOf(conversation)).toEqual([['user', text('Say something.')]]);
    expect(adjustments).toEqual([{ rule: 'system-as-user', path: 'instructions' }]);
  });

  it.each([
    [{ role: 'user', content: [{ type: 'input_image', file_id: 'file_1' }] }, 'input[0].content[0].file_id'],
    [{ role: 'user', content: [{ type: 'input_audio' }] }, 'input[0].content[0]'],
    [{ content: 'x' }, 'input[0].role'],
  ])('%j is rejected, naming the field', (item, param) => {
    expect(() => parse([item])).toThrow(expect.objectContaining({ param: expect.stringContaining(param) }));
  });
});

describe('calls and their outputs', () => {
  const tools = [
    { type: 'namespace', name: 'ns', tools: [{ type: 'function', name: 'f' }] },
    { type: 'custom', name: 'patch' },
    { type: 'local_shell' },
    { type: 'shell' },
    { type: 'apply_patch' },
    { type: 'tool_search', execution: 'client' },
  ];

  it.each([
    [{ type: 'function_call', name: 'g', arguments: '{"a":1}' }, use('g', { a: 1 })],
    [{ type: 'function_call', name: 'f', namespace: 'ns', arguments: '{}' }, use('ns__f', {})],
    [{ type: 'function_call', name: 'g', namespace: 'functions', arguments: '' }, use('g', {})],
    [{ type: 'function_call', name: 'g', arguments: '{"cut' }, use('g', '{"cut')],
    [{ type: 'custom_tool_call', name: 'patch', input: '*** Begin' }, use('patch', { input: '*** Begin' })],
    [{ type: 'tool_search_call', arguments: { query: 'q' } }, use('tool_search', { query: 'q' })],
    [
      { type: 'local_shell_call', id: 'l1', action: { type: 'exec', command: ['ls'], env: {} } },
      use('local_shell', { command: ['ls'], env: {} }),
    ],
    [{ type: 'shell_call', action: { commands: ['ls'] } }, use('shell', { commands: ['ls'] })],
    [
      { type: 'apply_patch_call', operation: { type: 'delete_file', path: 'a' } },
      use('apply_patch', { type: 'delete_file', path: 'a' }),
    ],
  ])('%j', (item, expected) => {
    expect(read([hi, { call_id: 'c1', ...item }], { tools })[1]).toEqual(['assistant', expected]);
  });

  it.each([
    [{ type: 'function_call_output', output: 'done' }, result(expect.objectContaining(text('done')))],
    [{ type: 'function_call_output', output: '' }, result()],
    [
      { type: 'function_call_output', output: [{ type: 'input_image', image_url: `data:image/png;base64,${PNG}` }] },
      result(expect.objectContaining({ type: 'image', attachment: attachmentOf(PNG) })),
    ],
    [{ type: 'custom_tool_call_output', output: 'done' }, result(expect.objectContaining(text('done')))],
    [
      { type: 'apply_patch_call_output', status: 'failed', output: 'no' },
      { ...result(expect.anything()), isError: true },
    ],
    [
      { type: 'shell_call_output', output: [{ stdout: 'o', stderr: '', outcome: { type: 'exit', exit_code: 0 } }] },
      result(expect.objectContaining(text('{"stdout":"o","stderr":"","outcome":{"type":"exit","exit_code":0}}'))),
    ],
    [
      {
        type: 'tool_search_output',
        tools: [{ type: 'namespace', name: 'ns', tools: [{ type: 'function', name: 'f' }] }],
      },
      result(expect.objectContaining(text('These tools can be called now: ns__f.'))),
    ],
  ])('%j', (item, expected) => {
    expect(read([hi, { call_id: 'c1', ...item }], { tools })[1]).toEqual(['user', expected]);
  });

  it('the output of a local shell may refer to the item instead of the call', () => {
    const call = { type: 'local_shell_call', id: 'l1', call_id: 'c1', action: { command: ['ls'] } };
    const output = { type: 'local_shell_call_output', id: 'l1', output: 'done' };
    expect(read([hi, call, output])[2]).toEqual(['user', result(expect.objectContaining(text('done')))]);
  });
});

describe('reasoning', () => {
  const reasoning = (encrypted: string | undefined, ...summary: string[]) => [
    hi,
    {
      type: 'reasoning',
      id: 'rs',
      summary: summary.map((words) => ({ type: 'summary_text', text: words })),
      encrypted_content: encrypted,
    },
  ];

  it('is sent back with its signature, and redacted content complete', () => {
    const ours = carry({ type: 'reasoning', text: 'I think.', signature: 'c2ln' });
    expect(read(reasoning(ours, 'I think.'))[1]).toEqual([
      'assistant',
      { type: 'reasoning', text: 'I think.', signature: 'c2ln' },
    ]);
    expect(read(reasoning(carry({ type: 'redacted', data: 'b3BhcXVl' })))[1]).toEqual([
      'assistant',
      { type: 'redacted-reasoning', data: 'b3BhcXVl' },
    ]);
  });

  it('of another service becomes its summary, or is dropped', () => {
    expect(read(reasoning('gAAAAforeign', 'Short.'))[1]).toEqual(['assistant', { type: 'reasoning', text: 'Short.' }]);
    expect(parse(reasoning('gAAAAforeign')).adjustments).toEqual([
      { rule: 'block-ignored', path: 'input[1]', before: 'reasoning' },
    ]);
    expect(read(reasoning(`${carry({ type: 'summary', text: 'x' }).slice(0, 14)}broken`))).toHaveLength(1);
  });
});

describe('compaction', () => {
  it('is described to the model, in place of what it replaced', () => {
    const item = { type: 'compaction', encrypted_content: carry({ type: 'summary', text: 'We met.' }) };
    const [[role, part] = []] = read([item, hi]);
    expect([role, part]).toEqual(['user', text(expect.stringMatching(/summary.*\n\nWe met\.$/s))]);
  });

  it('is requested by its trigger, and keeps the tools', () => {
    const tools = [{ type: 'function', name: 'f' }];
    const asked = [hi, { type: 'compaction_trigger' }];
    const { conversation, adjustments } = parse(asked, { tools, tool_choice: 'required' });
    expect(adjustments).toEqual([{ rule: 'compaction-emulated', path: 'input[1]' }]);
    expect(conversation.toolChoice).toEqual({ type: 'auto' });
    expect(conversation.tools).toHaveLength(1);
    expect(turnsOf(conversation).at(-1)).toEqual(['user', text(expect.stringContaining('summary'))]);
  });
});

describe('unknown items', () => {
  it.each([
    [{ type: 'mcp_call', name: 'm', output: 'found it' }, 'assistant', 'mcp_call: {"name":"m","output":"found it"}'],
    [{ type: 'brand_new_output', output: 'x' }, 'user', 'brand_new_output: {"output":"x"}'],
  ])('becomes text: %j', (item, role, words) => {
    const { conversation, adjustments } = parse([hi, item]);
    expect(turnsOf(conversation)[1]).toEqual([role, text(words)]);
    expect(adjustments).toEqual([{ rule: 'block-as-text', path: 'input[1]', before: item.type }]);
  });

  it('without text is dropped', () => {
    expect(parse([hi, { type: 'mystery', id: 'x' }]).adjustments).toMatchObject([{ rule: 'block-ignored' }]);
  });
});

describe('a referenced item', () => {
  const past: Past = {
    hasPrevious: true,
    items: [{ type: 'message', role: 'user', content: 'Before' }],
    referenced: new Map([['msg_1', { id: 'msg_1', type: 'message', role: 'assistant', content: 'Said' }]]),
  };

  it('is inserted at its reference', () => {
    const input = [{ type: 'item_reference', id: 'msg_1' }, { id: 'msg_1' }, hi];
    expect(read(input, { previous_response_id: 'resp_1' }, past)).toEqual([
      ['user', text('Before')],
      ['assistant', text('Said')],
      ['assistant', text('Said')],
      ['user', text('Hi')],
    ]);
  });

  it('is dropped if it no longer exists, unless it is the previous response', () => {
    const { adjustments } = parse([{ type: 'item_reference', id: 'msg_2' }, hi], {}, past);
    expect(adjustments).toEqual([{ rule: 'block-ignored', path: 'input[0]', before: 'item_reference' }]);
    expect(() => parse('Hi', { previous_response_id: 'resp_2' })).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        rule: 'previous-response',
        message: "Previous response with id 'resp_2' not found.",
      }),
    );
  });
});
