import { describe, expect, it } from 'vitest';
import { runAtOnce } from '../../core/steps.ts';
import { parseRequest } from './parse.ts';

const parse = (fields: object) =>
  runAtOnce(
    parseRequest(
      { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields },
      { header: () => undefined, nowMs: 0 },
    ),
  );
const fn = (name: string, more: object = {}) => ({ type: 'function', function: { name, ...more } });
const tools = [fn('read'), fn('write'), { type: 'custom', custom: { name: 'patch' } }];
const names = (fields: object) => parse(fields).conversation.tools.map(({ name }) => name);

describe('tools', () => {
  it('keep name, description, schema and cache mark unchanged', () => {
    const parameters = { $schema: 'x', type: 'object', properties: { a: { type: ['string', 'null'] } } };
    const declared = [fn('a', { description: 'Does.', parameters }), { ...fn('b'), cache_control: {} }];
    expect(parse({ tools: declared }).conversation.tools).toEqual([
      { at: 'tools[0]', name: 'a', description: 'Does.', inputSchema: parameters },
      { at: 'tools[1]', name: 'b', description: '', inputSchema: undefined, cachePoint: true },
    ]);
  });

  it('that are custom become functions with one string and their grammar in the description', () => {
    const format = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } };
    const parsed = parse({ tools: [{ type: 'custom', custom: { name: 'patch', description: 'Patches.', format } }] });
    expect(parsed.conversation.tools).toMatchObject([
      {
        name: 'patch',
        description: 'Patches.\n\nThe input must match this lark grammar:\nstart: "x"',
        inputSchema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
      },
    ]);
    expect(parsed.echo).toMatchObject({ customTools: new Set(['patch']) });
    expect(parsed.adjustments).toEqual([{ rule: 'custom-tool-as-function', path: 'tools[0]' }]);
  });

  it('that only OpenAI could run are left out, and noted like unknown fields', () => {
    const parsed = parse({ tools: [{ type: 'file_search' }, fn('a', { strict: true }), fn('b', { strict: true })] });
    expect(parsed.conversation.tools.map(({ at }) => at)).toEqual(['tools[1]', 'tools[2]']);
    expect(parsed.adjustments).toEqual([
      { rule: 'server-tool-dropped', path: 'tools[0]', before: 'file_search' },
      { rule: 'field-ignored', path: 'tools[1].function.strict', before: '2 times' },
    ]);
  });

  it('in the legacy form allow one call per reply', () => {
    const parsed = parse({
      functions: [{ name: 'f', description: 'd', parameters: {} }],
      function_call: { name: 'f' },
    });
    expect(parsed.conversation).toMatchObject({
      tools: [{ at: 'functions[0]', name: 'f', description: 'd', inputSchema: {} }],
      toolChoice: { type: 'tool', name: 'f' },
      parallelToolUse: false,
    });
    expect(parsed.echo).toMatchObject({ legacyFunctions: true });
  });

  it.each([
    [undefined, true],
    [null, true],
    [true, true],
    [false, false],
  ])('are used in parallel when parallel_tool_calls is %j: %j', (parallel, expected) => {
    expect(parse({ tools, parallel_tool_calls: parallel }).conversation.parallelToolUse).toBe(expected);
  });
});

describe('the choice among tools', () => {
  it.each([
    [undefined, { type: 'auto' }],
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [
      { type: 'function', function: { name: 'write' } },
      { type: 'tool', name: 'write' },
    ],
    [
      { type: 'custom', custom: { name: 'patch' } },
      { type: 'tool', name: 'patch' },
    ],
  ])('%j is %j', (choice, expected) => {
    expect(parse({ tools, tool_choice: choice }).conversation.toolChoice).toEqual(expected);
    expect(names({ tools, tool_choice: choice })).toEqual(['read', 'write', 'patch']);
  });

  it('may be limited to some of them', () => {
    const allowed = [
      { type: 'function', function: { name: 'write' } },
      { type: 'custom', custom: { name: 'patch' } },
    ];
    const choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: allowed } };
    const { conversation, adjustments } = parse({ tools, tool_choice: choice });
    expect(conversation).toMatchObject({
      toolChoice: { type: 'required' },
      tools: [{ name: 'write' }, { name: 'patch' }],
    });
    expect(adjustments).toContainEqual({
      rule: 'tools-restricted',
      path: 'tool_choice.allowed_tools',
      before: '3',
      after: '2',
    });
  });

  it.each([
    [{ tools: {} }, 'tools'],
    [{ tools, functions: [{ name: 'f' }] }, 'functions'],
    [{ functions: [{ name: 'f' }], function_call: 'always' }, 'function_call'],
    [{ functions: [{ name: 'f' }], function_call: { name: 'g' } }, 'function_call'],
    [{ tools, tool_choice: 'always' }, 'tool_choice'],
    [{ tools, tool_choice: { type: 'hosted' } }, 'tool_choice.type'],
    [{ tools, tool_choice: fn('delete') }, 'tool_choice'],
    [{ tool_choice: 'required' }, 'tool_choice'],
  ])('%j is rejected, naming %s', (fields, param) => {
    expect(() => parse(fields)).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });
});
