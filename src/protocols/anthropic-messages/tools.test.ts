import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runAtOnce } from '../../core/steps.ts';
import { anthropicMessages } from './index.ts';

const CONTEXT = { header: () => undefined, nowMs: 0 };
const SCHEMA = { type: 'object', properties: {} };

function parse(fields: object) {
  const messages = [{ role: 'user', content: 'hi' }];
  return runAtOnce(anthropicMessages.parseRequest({ model: 'm', max_tokens: 9, messages, ...fields }, CONTEXT));
}

function offered(fields: object): string[] {
  return parse(fields).conversation.tools.map(({ name }) => name);
}

function toolReference(name: string): object {
  return {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'tool_reference', tool_name: name }] }],
  };
}

function toolChange(type: 'tool_addition' | 'tool_removal', tool: object): object {
  return { role: 'system', content: [{ type, tool }] };
}

describe('tools of the client', () => {
  it('are offered unchanged, with or without a type', () => {
    const tools = [
      { name: 'a', description: 'A.', input_schema: SCHEMA, cache_control: { type: 'ephemeral' } },
      { type: 'custom', name: 'b', input_schema: SCHEMA },
      { type: null, name: 'c' },
      { type: 'something_20301231', name: 'd', input_schema: SCHEMA },
    ];
    expect(parse({ tools }).conversation.tools).toEqual([
      { at: 'tools[0]', name: 'a', description: 'A.', inputSchema: SCHEMA, cachePoint: true },
      { at: 'tools[1]', name: 'b', description: '', inputSchema: SCHEMA },
      { at: 'tools[2]', name: 'c', description: '', inputSchema: undefined },
      { at: 'tools[3]', name: 'd', description: '', inputSchema: SCHEMA },
    ]);
  });
});

describe('typed tools', () => {
  it.each([
    { type: 'bash_20241022', name: 'bash', fields: ['command', 'restart'] },
    { type: 'bash_20250124', name: 'bash', fields: ['command', 'restart'] },
    {
      type: 'text_editor_20241022',
      name: 'str_replace_editor',
      fields: ['command', 'path', 'file_text', 'old_str', 'new_str', 'insert_line', 'view_range'],
    },
    {
      type: 'text_editor_20250124',
      name: 'str_replace_editor',
      fields: ['command', 'path', 'file_text', 'old_str', 'new_str', 'insert_line', 'view_range'],
    },
    {
      type: 'text_editor_20250429',
      name: 'str_replace_based_edit_tool',
      fields: ['command', 'path', 'file_text', 'old_str', 'new_str', 'insert_line', 'insert_text', 'view_range'],
    },
    {
      type: 'text_editor_20250728',
      name: 'str_replace_based_edit_tool',
      fields: ['command', 'path', 'file_text', 'old_str', 'new_str', 'insert_line', 'insert_text', 'view_range'],
    },
    {
      type: 'memory_20250818',
      name: 'memory',
      fields: [
        'command',
        'path',
        'file_text',
        'old_str',
        'new_str',
        'insert_line',
        'insert_text',
        'view_range',
        'old_path',
        'new_path',
      ],
    },
    {
      type: 'computer_20251124',
      name: 'computer',
      fields: [
        'action',
        'coordinate',
        'start_coordinate',
        'text',
        'scroll_direction',
        'scroll_amount',
        'duration',
        'region',
      ],
    },
  ])('$type is offered as $name with a schema', ({ type, name, fields }) => {
    const { conversation, adjustments } = parse({ tools: [{ type, name }] });
    const [tool] = conversation.tools;
    expect(tool).toMatchObject({ at: 'tools[0]', name, inputSchema: { type: 'object' } });
    expect(tool?.description).not.toBe('');
    const schema = z.object({ properties: z.record(z.string(), z.object({})) }).parse(tool?.inputSchema);
    expect(Object.keys(schema.properties).sort()).toEqual(fields.sort());
    expect(adjustments).toEqual([{ rule: 'typed-tool-schema', path: 'tools[0]', before: type, after: name }]);
  });

  it('describes the size of the display to the model', () => {
    const tools = [{ type: 'computer_20250124', name: 'computer', display_width_px: 1024, display_height_px: 768 }];
    expect(parse({ tools }).conversation.tools[0]?.description).toContain('1024 by 768 pixels');
  });
});

describe('tools that only a server can run', () => {
  const serverTools = [
    'web_fetch_20250910',
    'code_execution_20260521',
    'tool_search_tool_regex_20251119',
    'advisor_20260301',
    'mcp_toolset',
    'browser_toolset_20260801',
    'computer_toolset_20260801',
    'unheard_of_20310101',
  ];

  it.each(serverTools)('%s is dropped, and noted', (type) => {
    const { conversation, adjustments } = parse({
      tools: [
        { type, name: 'x' },
        { name: 'a', input_schema: SCHEMA },
      ],
    });
    expect(conversation.tools.map(({ name }) => name)).toEqual(['a']);
    expect(adjustments).toEqual([{ rule: 'server-tool-dropped', path: 'tools[0]', before: type }]);
  });

  it('may be the only tools: then the model answers without one', () => {
    const { conversation, adjustments } = parse({
      tools: [{ type: 'code_execution_20260521', name: 'code_execution' }],
      tool_choice: { type: 'tool', name: 'code_execution' },
    });
    expect(conversation).toMatchObject({ tools: [], toolChoice: { type: 'auto' } });
    expect(adjustments.map(({ rule }) => rule)).toEqual(['server-tool-dropped', 'tool-choice-dropped']);
  });
});

describe('web search', () => {
  const search = { type: 'web_search_20250305', name: 'web_search' };

  it('is read as an option with its limits', () => {
    const { conversation, adjustments } = parse({
      tools: [
        { name: 'a', input_schema: SCHEMA },
        {
          ...search,
          max_uses: 3,
          allowed_domains: ['a.example'],
          blocked_domains: null,
          user_location: { city: 'Rome' },
        },
      ],
    });
    expect(conversation.tools.map(({ name }) => name)).toEqual(['a']);
    expect(conversation.webSearch).toEqual({
      at: 'tools[1]',
      maxUses: 3,
      allowedDomains: ['a.example'],
      blockedDomains: [],
      isRequired: false,
    });
    expect(adjustments).toEqual([{ rule: 'parameter-ignored', path: 'tools[1].user_location' }]);
  });

  it.each([
    ['named', { type: 'tool', name: 'web_search' }],
    ['all there is', { type: 'any' }],
  ])('is required when it is %s', (_when, tool_choice) => {
    const { conversation } = parse({ tools: [search], tool_choice });
    expect(conversation).toMatchObject({ tools: [], toolChoice: { type: 'auto' }, webSearch: { isRequired: true } });
  });

  it("is the client's own tool if that has the name", () => {
    const tools = [{ name: 'web_search', input_schema: SCHEMA }];
    const { conversation } = parse({ tools, tool_choice: { type: 'tool', name: 'web_search' } });
    expect(conversation).toMatchObject({ toolChoice: { type: 'tool', name: 'web_search' } });
    expect(conversation).not.toHaveProperty('webSearch');
  });

  it('has a numeric limit', () => {
    expect(() => parse({ tools: [{ ...search, max_uses: 'many' }] })).toThrow(/tools\[0\]\.max_uses/);
  });
});

describe('deferred tools', () => {
  const tools = [
    { name: 'Now', input_schema: SCHEMA },
    { name: 'Later', input_schema: SCHEMA, defer_loading: true },
    { name: 'DeferredToolPlaceholder', input_schema: SCHEMA, defer_loading: true },
  ];
  const hi = { role: 'user', content: 'hi' };

  it.each([
    { name: 'hidden at first', fields: {}, expected: ['Now'] },
    {
      name: 'loaded by a reference in a result',
      fields: { messages: [toolReference('Later')] },
      expected: ['Now', 'Later'],
    },
    {
      name: 'loaded by an addition',
      fields: { messages: [hi, toolChange('tool_addition', { type: 'tool_reference', name: 'Later' })] },
      expected: ['Now', 'Later'],
    },
    {
      name: 'loaded by what was compacted',
      fields: {
        messages: [
          {
            role: 'assistant',
            content: [
              {
                type: 'compaction',
                content: 'so far',
                tool_changes: [{ type: 'tool_addition', tool: { type: 'tool_reference', name: 'Later' } }],
              },
            ],
          },
          hi,
        ],
      },
      expected: ['Now', 'Later'],
    },
    {
      name: 'loaded by a search on the server',
      fields: {
        messages: [
          {
            role: 'assistant',
            content: [
              {
                type: 'tool_search_tool_result',
                tool_use_id: 's',
                content: {
                  type: 'tool_search_tool_search_result',
                  tool_references: [{ type: 'tool_reference', tool_name: 'Later' }],
                },
              },
            ],
          },
          hi,
        ],
      },
      expected: ['Now', 'Later'],
    },
    {
      name: 'loaded when the model must use them',
      fields: { tool_choice: { type: 'tool', name: 'Later' } },
      expected: ['Now', 'Later'],
    },
    {
      name: 'taken back',
      fields: {
        messages: [toolReference('Later'), toolChange('tool_removal', { type: 'tool_reference', name: 'Later' })],
      },
      expected: ['Now'],
    },
    {
      name: 'taken back and given again',
      fields: {
        messages: [
          hi,
          toolChange('tool_removal', { type: 'tool_reference', name: 'Now' }),
          toolChange('tool_addition', { type: 'tool_reference', name: 'Now' }),
        ],
      },
      expected: ['Now'],
    },
  ])('are $name', ({ fields, expected }) => {
    expect(offered({ tools, ...fields })).toEqual(expected);
  });

  it('are all offered if the server would search them', () => {
    const search = { type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' };
    expect(offered({ tools: [...tools, search] })).toEqual(['Now', 'Later']);
  });

  it('may be defined in the middle of the conversation', () => {
    const definition = { name: 'Fresh', description: 'New.', input_schema: SCHEMA };
    const messages = [hi, toolChange('tool_addition', { type: 'tool_definition', definition })];
    expect(parse({ tools, messages }).conversation.tools.at(-1)).toEqual({
      at: 'messages[1].content[0].tool.definition',
      name: 'Fresh',
      description: 'New.',
      inputSchema: SCHEMA,
    });
  });

  it('of MCP servers are ignored, and noted', () => {
    const messages = [hi, toolChange('tool_addition', { type: 'mcp_toolset_reference', server_name: 's' })];
    expect(parse({ messages }).adjustments).toEqual([
      { rule: 'block-ignored', path: 'messages[1].content[0]', before: 'tool_addition of mcp_toolset_reference' },
    ]);
  });
});

describe('the tool choice', () => {
  const tools = [{ name: 'a', input_schema: SCHEMA }];

  it.each([
    { choice: undefined, toolChoice: { type: 'auto' }, parallelToolUse: true },
    { choice: { type: 'auto', disable_parallel_tool_use: true }, toolChoice: { type: 'auto' }, parallelToolUse: false },
    { choice: { type: 'any' }, toolChoice: { type: 'required' }, parallelToolUse: true },
    {
      choice: { type: 'any', disable_parallel_tool_use: true },
      toolChoice: { type: 'required' },
      parallelToolUse: false,
    },
    { choice: { type: 'tool', name: 'a' }, toolChoice: { type: 'tool', name: 'a' }, parallelToolUse: true },
    { choice: { type: 'none' }, toolChoice: { type: 'none' }, parallelToolUse: true },
  ])('$choice', ({ choice, toolChoice, parallelToolUse }) => {
    expect(parse({ tools, tool_choice: choice }).conversation).toMatchObject({ toolChoice, parallelToolUse });
  });
});
