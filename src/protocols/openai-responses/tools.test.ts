/** Tools of all kinds, in any place, and the tool choice. */

import { describe, expect, it } from 'vitest';
import { runAtOnce } from '../../core/steps.ts';
import { parseRequest } from './parse.ts';

const context = { header: () => undefined, nowMs: 0 };
const parse = (fields: object) => runAtOnce(parseRequest({ model: 'm', input: 'Hi', ...fields }, context));
const namesOf = (fields: object) => parse(fields).conversation.tools.map(({ name }) => name);

const fn = (name: string, more: object = {}) => ({ type: 'function', name, ...more });
const search = { type: 'tool_search', execution: 'client' };

describe('tools', () => {
  it('are offered with their schemas, in order', () => {
    const parameters = { type: 'object', properties: { a: { type: 'string' } } };
    const { tools } = parse({ tools: [fn('f', { description: 'F', parameters, strict: true })] }).conversation;
    expect(tools).toEqual([{ at: 'tools[0]', name: 'f', description: 'F', inputSchema: parameters }]);
  });

  it('of free text describe their grammar, and how the text travels', () => {
    const format = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
    const { conversation, adjustments } = parse({
      tools: [{ type: 'custom', name: 'patch', description: 'P', format }],
    });
    expect(conversation.tools[0]).toMatchObject({
      name: 'patch',
      description: 'P\n\nThe input must match this lark grammar:\nstart: "x"',
      inputSchema: { required: ['input'] },
    });
    expect(adjustments).toEqual([{ rule: 'custom-tool-as-function', path: 'tools[0]' }]);
  });

  it('in namespaces get unique names, and are found by both names', () => {
    const namespace = (name: string, tool: object) => ({ type: 'namespace', name, description: '', tools: [tool] });
    const request = parse({
      tools: [fn('a__f'), namespace('a', fn('f')), namespace('functions', { type: 'custom', name: 'exec' })],
    });
    expect(request.conversation.tools.map(({ name }) => name)).toEqual(['a__f', 'a__f_2', 'exec']);
    expect(request.adjustments).toEqual([
      { rule: 'namespace-flattened', path: 'tools[1]' },
      { rule: 'custom-tool-as-function', path: 'tools[2].tools[0]' },
    ]);
    const { names } = request.echo;
    expect(names.declaredAs('a__f_2')).toEqual({ kind: 'function', name: 'f', namespace: 'a' });
    expect(names.declaredAs('exec')).toEqual({ kind: 'custom', name: 'exec', namespace: 'functions' });
    expect(names.declaredAs('unheard_of')).toEqual({ kind: 'function', name: 'unheard_of' });
  });

  it.each(['local_shell', 'shell', 'apply_patch'])('of the kind %s are offered as functions', (type) => {
    const { conversation, adjustments } = parse({ tools: [{ type }] });
    expect(adjustments).toEqual([{ rule: 'typed-tool-schema', path: 'tools[0]', before: type }]);
    expect(conversation.tools).toMatchObject([
      { name: type, description: expect.stringMatching(/\w/), inputSchema: { type: 'object' } },
    ]);
  });

  it.each([
    { type: 'web_search_preview_from_elsewhere' },
    { type: 'image_generation' },
    { type: 'tool_search' },
    { type: 'shell', environment: { type: 'container_auto' } },
  ])('that only the vendor can run are dropped: %j', (tool) => {
    const { conversation, adjustments } = parse({ tools: [tool] });
    expect(conversation.tools).toEqual([]);
    expect(adjustments).toEqual([{ rule: 'server-tool-dropped', path: 'tools[0]', before: tool.type }]);
  });

  it('may be in the input too', () => {
    const input = [
      { type: 'additional_tools', role: 'developer', tools: [fn('f')] },
      { role: 'user', content: 'Hi' },
      { type: 'tool_search_output', call_id: 'c', tools: [fn('g', { defer_loading: true }), fn('f')] },
    ];
    const { conversation, adjustments } = parse({ input });
    expect(conversation.tools.map(({ name, at }) => [name, at])).toEqual([
      ['f', 'input[0].tools[0]'],
      ['g', 'input[2].tools[0]'],
    ]);
    expect(adjustments).toEqual([{ rule: 'tool-repeated', path: 'input[2].tools[1]' }]);
  });

  it('that are deferred wait to be found if the client can search', () => {
    const deferred = fn('f', { defer_loading: true });
    expect(namesOf({ tools: [deferred] })).toEqual(['f']);
    const { conversation, adjustments } = parse({ tools: [deferred, search] });
    expect(conversation.tools.map(({ name }) => name)).toEqual(['tool_search']);
    expect(adjustments).toContainEqual({ rule: 'tool-deferred', path: 'tools[0]', before: 'f' });
  });

  it('in a namespace cannot be a namespace', () => {
    const inner = { type: 'namespace', name: 'b', tools: [] };
    const { adjustments } = parse({ tools: [{ type: 'namespace', name: 'a', tools: [inner] }] });
    expect(adjustments).toContainEqual({
      rule: 'tool-ignored',
      path: 'tools[0].tools[0]',
      before: 'a namespace in a namespace',
    });
  });
});

describe('the choice', () => {
  const tools = [fn('f'), { type: 'custom', name: 'patch' }, { type: 'apply_patch' }];

  it.each([
    [undefined, { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [fn('f'), { type: 'tool', name: 'f' }],
    [
      { type: 'custom', name: 'patch' },
      { type: 'tool', name: 'patch' },
    ],
    [{ type: 'apply_patch' }, { type: 'tool', name: 'apply_patch' }],
  ])('%j', (choice, expected) => {
    expect(parse({ tools, tool_choice: choice }).conversation.toolChoice).toEqual(expected);
  });

  it('restricts the tools to the allowed ones', () => {
    const choice = { type: 'allowed_tools', mode: 'required', tools: [fn('f'), { type: 'mcp' }] };
    const { conversation, adjustments } = parse({ tools, tool_choice: choice });
    expect(conversation).toMatchObject({ tools: [{ name: 'f' }], toolChoice: { type: 'required' } });
    expect(adjustments).toContainEqual({ rule: 'tools-restricted', path: 'tool_choice', before: '3', after: '1' });
  });

  it('leaves no tool if nothing it allows can be called', () => {
    const choice = { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'image_generation' }] };
    const { conversation, adjustments } = parse({ tools, tool_choice: choice });
    expect(conversation.tools).toEqual([]);
    expect(adjustments).toContainEqual({ rule: 'tools-restricted', path: 'tool_choice', before: '3', after: '0' });
  });

  it.each([
    [{ tool_choice: 'required' }, 'invalid_request'],
    [{ tool_choice: fn('g'), tools }, 'invalid_request'],
    [{ tool_choice: { type: 'image_generation' }, tools }, 'unsupported_parameter'],
    [{ tool_choice: { type: 'allowed_tools', mode: 'required', tools: [fn('g')] }, tools }, 'invalid_request'],
    [{ tool_choice: 7, tools }, 'invalid_request'],
  ])('%j is rejected', (fields, code) => {
    expect(() => parse(fields)).toThrow(
      expect.objectContaining({ code, param: expect.stringMatching(/^tool_choice/) }),
    );
  });
});

it('a required call says why none of the declared tools will do', () => {
  const asked = { tool_choice: 'required', tools: [{ type: 'file_search', vector_store_ids: ['v'] }] };
  expect(() => parse(asked)).toThrow(/the request declares no tool that can be called here/);
});

describe('the rest of a request', () => {
  it.each([
    [{ text: { format: { type: 'json_object' } } }, { type: 'json', at: 'text.format' }],
    [
      { text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true } } },
      { type: 'json-schema', at: 'text.format.schema', name: 'n', schema: { type: 'object' } },
    ],
    [{ text: { format: { type: 'text' } } }, { type: 'text' }],
  ])('%j', (fields, format) => {
    expect(parse(fields).conversation.output.format).toEqual(format);
  });

  it.each([
    [{ reasoning: { effort: 'none' } }, { mode: 'off' }],
    [{ reasoning: { effort: 'high', summary: 'auto' } }, { mode: 'on', effort: 'high', budgetTokens: undefined }],
    [{ reasoning: { summary: 'auto' } }, { mode: 'unset' }],
  ])('%j', (fields, reasoning) => {
    expect(parse(fields).conversation.reasoning).toEqual(reasoning);
  });

  it('takes the conversation key from thread, session or cache key, in this order', () => {
    const keyWith = (headers: Readonly<Record<string, string>>) =>
      runAtOnce(
        parseRequest(
          { model: 'm', input: 'Hi', prompt_cache_key: 'cache' },
          { header: (name) => headers[name], nowMs: 0 },
        ),
      ).conversation.key;
    expect(keyWith({ 'session-id': 's', 'thread-id': 't' })).toBe('t');
    expect(keyWith({ 'session-id': 's' })).toBe('s');
    expect(keyWith({})).toBe('cache');
  });

  it('cannot run in the background without being stored', () => {
    expect(() => parse({ background: true, store: false })).toThrow(expect.objectContaining({ param: 'background' }));
  });
});
