/** Input in each dialect means the same in every API. */

import { describe, expect, it } from 'vitest';
import { parseEvents } from '../../../test/support/event-stream-text.ts';
import type { Conversation, Part } from '../../core/conversation.ts';
import { runAtOnce } from '../../core/steps.ts';
import { TextPiece } from '../../core/text.ts';
import { estimated } from '../../core/usage.ts';
import { anthropicMessages, openaiChat, openaiResponses } from '../index.ts';
import type { ParsedRequest } from '../protocol.ts';

const CONTEXT = { header: () => undefined, nowMs: 0 };
const APIS = {
  chat: (fields: object) => runAtOnce(openaiChat.parseRequest({ model: 'm', ...fields }, CONTEXT)),
  responses: (fields: object) => runAtOnce(openaiResponses.parseRequest({ model: 'm', ...fields }, CONTEXT)),
  messages: (fields: object) =>
    runAtOnce(anthropicMessages.parseRequest({ model: 'm', max_tokens: 9, ...fields }, CONTEXT)),
};
type ApiName = keyof typeof APIS;
const NAMES = Object.keys(APIS) as ApiName[];

/** Every row for every API. */
function everywhere<T>(rows: readonly T[]): (readonly [ApiName, T])[] {
  return NAMES.flatMap((api) => rows.map((row) => [api, row] as const));
}

/** A list in the API's own field. */
function listed(api: ApiName, entries: readonly unknown[]): object {
  return api === 'responses' ? { input: entries } : { messages: entries };
}

function parse(api: ApiName, entries: readonly unknown[], fields: object = {}): ParsedRequest {
  return APIS[api]({ ...listed(api, entries), ...fields });
}

const HI = { role: 'user', content: 'hi' };
const hi = (api: ApiName, fields: object = {}) => parse(api, [HI], fields);
const partsOf = ({ turns }: Conversation): readonly Part[] => turns.flatMap(({ parts }) => parts);
const rulesOf = ({ adjustments }: ParsedRequest) => adjustments.map(({ rule }) => rule);

const SCHEMA = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const READ = { type: 'function', function: { name: 'read', description: 'Reads.', parameters: SCHEMA } };
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const PNG_URL = `data:image/png;base64,${PNG}`;

describe('a tool', () => {
  const shapes: readonly object[] = [
    READ,
    { type: 'function', name: 'read', description: 'Reads.', parameters: SCHEMA },
    { function: { name: 'read', description: 'Reads.', parameters: SCHEMA } },
    { name: 'read', description: 'Reads.', input_schema: SCHEMA },
    { type: 'custom', name: 'read', description: 'Reads.', input_schema: SCHEMA },
    { name: 'read', description: 'Reads.', inputSchema: SCHEMA },
    { name: 'read', description: 'Reads.', parameters: SCHEMA },
    { functionDeclarations: [{ name: 'read', description: 'Reads.', parameters: SCHEMA }] },
    { type: 'function', function: { name: 'read', description: 'Reads.', parameters: JSON.stringify(SCHEMA) } },
  ];

  it.each(everywhere(shapes))('at %s in the form %j is declared', (api, tool) => {
    expect(hi(api, { tools: [tool] }).conversation.tools).toMatchObject([
      { name: 'read', description: 'Reads.', inputSchema: SCHEMA },
    ]);
  });

  const odd: readonly unknown[] = [
    { type: 'namespace', name: 'empty' },
    { type: 'namespace', name: 'a', tools: [{ type: 'namespace', name: 'b', tools: [] }] },
    { type: 'function' },
    { type: 'function', function: {} },
    { type: 'function', function: { name: 5 } },
    { type: 'custom' },
    { input_schema: SCHEMA },
    { type: 7, name: 'seven' },
    {},
    null,
    'read',
  ];
  it.each(everywhere(odd))('at %s that is %j is dropped with a note and does not fail the request', (api, tool) => {
    const parsed = hi(api, { tools: [tool, READ] });
    expect(parsed.conversation.tools.map(({ name, at }) => [name, at])).toEqual([['read', 'tools[1]']]);
    expect(parsed.adjustments).toContainEqual(
      expect.objectContaining({ rule: 'tool-ignored', path: expect.stringMatching(/^tools\[0\]/) }),
    );
  });

  it.each(everywhere([5, [], 'not a schema']))('at %s keeps the schema %j for the encoder to repair', (api, schema) => {
    const tool = { type: 'function', function: { name: 'f', parameters: schema } };
    expect(hi(api, { tools: [tool] }).conversation.tools).toMatchObject([{ name: 'f' }]);
  });

  it.each([
    ['chat', { name: 'f', input_schema: {} }, 'anthropic tool'],
    ['chat', { name: 'f', inputSchema: {} }, 'mcp tool'],
    ['chat', { type: 'function', name: 'f' }, 'openai-responses tool'],
    ['responses', READ, 'openai-chat tool'],
    ['messages', READ, 'openai-chat tool'],
  ] as const)('at %s in the form %j is noted as %s', (api, tool, before) => {
    const { adjustments } = hi(api, { tools: [tool] });
    expect(adjustments).toContainEqual({ rule: 'other-dialect', path: 'tools[0]', before });
  });

  it.each([
    ['chat', READ],
    ['responses', { type: 'function', name: 'f', parameters: SCHEMA }],
    ['messages', { name: 'f', input_schema: SCHEMA }],
  ] as const)('at %s in its own form is not noted', (api, tool) => {
    expect(hi(api, { tools: [tool] }).adjustments).toEqual([]);
  });

  it('in another format is noted once with a count', () => {
    const tools = Array.from({ length: 40 }, (_, i) => ({ name: `f${i}`, input_schema: SCHEMA }));
    expect(hi('chat', { tools }).adjustments).toEqual([
      { rule: 'other-dialect', path: 'tools[0]', before: 'anthropic tool', after: '40 times' },
    ]);
  });
});

describe('the choice among tools', () => {
  const named = { type: 'tool', name: 'read' };
  const choices: readonly (readonly [unknown, object])[] = [
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    ['any', { type: 'required' }],
    ['read', named],
    [{ type: 'auto' }, { type: 'auto' }],
    [{ type: 'none' }, { type: 'none' }],
    [{ type: 'any' }, { type: 'required' }],
    [{ type: 'required' }, { type: 'required' }],
    [{ type: 'tool', name: 'read' }, named],
    [{ type: 'tool', toolName: 'read' }, named],
    [{ type: 'function', name: 'read' }, named],
    [{ type: 'function', function: { name: 'read' } }, named],
    [{ function: { name: 'read' } }, named],
    [{ type: 'custom', custom: { name: 'read' } }, named],
    [{ type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'read' }] }, { type: 'required' }],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'read' } }] },
      },
      { type: 'auto' },
    ],
  ];
  it.each(everywhere(choices))('at %s: %j', (api, [choice, expected]) => {
    const { conversation } = hi(api, { tools: [READ], tool_choice: choice });
    expect(conversation.toolChoice).toEqual(expected);
    expect(conversation.tools.map(({ name }) => name)).toEqual(['read']);
  });

  it.each(everywhere(['sometimes', 7, { type: 'maybe' }, { type: 'function' }, { type: 'tool', name: 'write' }]))(
    'at %s of %j is refused by name',
    (api, choice) => {
      expect(() => hi(api, { tools: [READ], tool_choice: choice })).toThrow(
        expect.objectContaining({ param: expect.stringMatching(/^tool_choice/) }),
      );
    },
  );

  it.each(
    everywhere([{ parallel_tool_calls: false }, { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }]),
  )('at %s: %j allows one call', (api, fields) => {
    expect(hi(api, { tools: [READ], ...fields }).conversation.parallelToolUse).toBe(false);
  });
});

describe('a call and its result', () => {
  const result = [{ type: 'text', text: 'const x = 1' }];
  const calls: readonly object[][] = [
    [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'const x = 1' },
    ],
    [
      { role: 'assistant', tool_calls: [{ id: 'c1', function: { name: 'read', arguments: { path: 'a' } } }] },
      { role: 'tool', tool_call_id: 'c1', content: result },
    ],
    [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'read', input: { path: 'a' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: result }] },
    ],
    [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'read', input: '{"path":"a"}' }] },
      { role: 'tool', tool_call_id: 'c1', content: 'const x = 1' },
    ],
    [
      { type: 'function_call', call_id: 'c1', name: 'read', arguments: '{"path":"a"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'const x = 1' },
    ],
    [
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'read', input: { path: 'a' } }] },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'c1', toolName: 'read', output: { type: 'text', value: 'const x = 1' } },
        ],
      },
    ],
    [
      { role: 'model', parts: [{ functionCall: { id: 'c1', name: 'read', args: { path: 'a' } } }] },
      { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'read', response: { content: result } } }] },
    ],
    // Some libraries send a call in both forms.
    [
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'c1', name: 'read', input: { path: 'a' } }],
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: result },
    ],
  ];
  it.each(everywhere(calls))('at %s: %j is a call and its result', (api, entries) => {
    const { conversation } = parse(api, [HI, ...entries], { tools: [READ] });
    expect(partsOf(conversation).slice(1)).toMatchObject([
      { type: 'tool-use', toolUseId: 'c1', name: 'read', input: { path: 'a' } },
      { type: 'tool-result', toolUseId: 'c1', content: [{ type: 'text', text: 'const x = 1' }], isError: false },
    ]);
    expect(conversation.turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  it.each(NAMES)('at %s without ids is paired by order', (api) => {
    const { conversation } = parse(api, [
      HI,
      { role: 'assistant', tool_calls: [{ function: { name: 'a' } }, { function: { name: 'b' } }] },
      { role: 'tool', content: 'of a' },
      { role: 'tool', tool_call_id: '', content: 'of b' },
    ]);
    const [, a, b, ofA, ofB] = partsOf(conversation).map((part) => ('toolUseId' in part ? part.toolUseId : undefined));
    expect([ofA, ofB]).toEqual([a, b]);
    expect(a).not.toBe(b);
  });

  it.each(NAMES)('at %s pairs a call without an id with a result that has one', (api) => {
    const { conversation } = parse(api, [
      HI,
      { role: 'assistant', content: [{ type: 'tool_use', name: 'a', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'lost', content: 'r' }] },
    ]);
    const [, use, result] = partsOf(conversation);
    expect(result).toMatchObject({ toolUseId: use && 'toolUseId' in use ? use.toolUseId : '' });
  });

  it.each(NAMES)('at %s gives a call without a name a neutral one, with a note', (api) => {
    const parsed = parse(api, [
      HI,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: '', input: {} }] },
      HI,
    ]);
    expect(partsOf(parsed.conversation)[1]).toMatchObject({ type: 'tool-use', name: 'unnamed_tool' });
    expect(rulesOf(parsed)).toContain('tool-call-unnamed');
  });
});

describe('an image', () => {
  const blocks: readonly object[] = [
    { type: 'image_url', image_url: { url: PNG_URL } },
    { type: 'image_url', image_url: PNG_URL },
    { type: 'input_image', image_url: PNG_URL },
    { type: 'input_image', image_url: { url: PNG_URL } },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
    { type: 'image', source: { type: 'url', url: PNG_URL } },
    { type: 'image', data: PNG, mimeType: 'image/png' },
    { type: 'image', image: PNG_URL },
    { type: 'image', image: PNG, mediaType: 'image/png' },
    { type: 'image', image: PNG },
    { type: 'file', data: PNG, mediaType: 'image/png' },
    { type: 'file', url: PNG_URL, mediaType: 'image/png' },
    { type: 'file', file: { filename: 'a.png', file_data: PNG_URL } },
    { type: 'input_file', filename: 'a.png', file_data: PNG_URL },
    { type: 'media', data: PNG, mediaType: 'image/png' },
    { type: 'resource', resource: { uri: 'file:///a.png', mimeType: 'image/png', blob: PNG } },
    { inline_data: { mime_type: 'image/png', data: PNG } },
    { inlineData: { mimeType: 'image/png', data: PNG } },
    { type: 'photograph', payload: { mimeType: 'image/png', data: PNG } },
    { type: 'photograph', url: PNG_URL },
    { type: 'photograph', pixels: PNG },
  ];
  const IMAGE = { type: 'image', mediaType: 'image/png', attachment: { base64: PNG } };

  it.each(everywhere(blocks))('at %s: %j', (api, block) => {
    const { conversation } = parse(api, [{ role: 'user', content: [{ type: 'text', text: 'What?' }, block] }]);
    expect(partsOf(conversation)).toMatchObject([{ type: 'text', text: 'What?' }, IMAGE]);
  });

  it.each(everywhere(blocks))('at %s in a result: %j', (api, block) => {
    const { conversation } = parse(api, [
      HI,
      { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'shoot', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c', content: [block] },
    ]);
    expect(partsOf(conversation)[2]).toMatchObject({ type: 'tool-result', content: [IMAGE] });
  });

  it.each(NAMES)('at %s in a search result stays an image', (api) => {
    const content = [
      { type: 'text', text: 'words' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
    ];
    const block = { type: 'search_result', title: 'Title', source: 'https://example.com', content };
    const { conversation } = parse(api, [{ role: 'user', content: [block] }]);
    expect(partsOf(conversation)).toMatchObject([{ type: 'text', text: expect.stringContaining('words') }, IMAGE]);
  });

  it.each(everywhere(blocks))('at %s leaves no base64 in any text: %j', (api, block) => {
    const results = [{ type: 'tool_result', tool_use_id: 'c', content: [block] }];
    const { conversation } = parse(api, [
      HI,
      { role: 'assistant', content: [block] },
      { role: 'user', content: results },
    ]);
    const texts = partsOf(conversation).flatMap((part) => (part.type === 'tool-result' ? part.content : part));
    expect(JSON.stringify(texts.filter(({ type }) => type === 'text'))).not.toContain(PNG.slice(0, 30));
  });

  it.each(NAMES)('at %s that cannot be read is rejected in the current turn and described in the history', (api) => {
    const broken = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,*' } }] };
    expect(() => parse(api, [broken])).toThrow(
      expect.objectContaining({ param: expect.stringContaining('image_url') }),
    );
    const parsed = parse(api, [broken, { role: 'assistant', content: 'ok' }, HI]);
    expect(rulesOf(parsed)).toContain('block-as-text');
    expect(partsOf(parsed.conversation)[0]).toMatchObject({ type: 'text', text: expect.stringContaining('left out]') });
  });

  it.each(NAMES)('at %s is the only base64 kept from an unknown block; the rest is described', (api) => {
    const zip = Buffer.from('PK'.repeat(40)).toString('base64');
    const blocks = [
      { type: 'archive', name: 'a.zip', content: { mimeType: 'application/zip', data: zip } },
      { type: 'archive', url: `data:application/zip;base64,${zip}` },
    ];
    const { conversation, adjustments } = parse(api, [{ role: 'user', content: blocks }]);
    const text = JSON.stringify(partsOf(conversation));
    expect(text).toContain('a.zip');
    expect(text).toContain('[application/zip, ');
    expect(text).not.toContain(zip.slice(0, 20));
    expect(adjustments.filter(({ rule }) => rule === 'block-as-text')).toHaveLength(2);
  });

  it.each(NAMES)('at %s as a URL is still fetched', (api) => {
    const image = { type: 'image', image: 'https://example.com/a.png' };
    expect(partsOf(parse(api, [{ role: 'user', content: [image] }]).conversation)).toMatchObject([
      { type: 'document', source: { type: 'url', url: 'https://example.com/a.png' } },
    ]);
  });
});

describe('the output format', () => {
  const schema = { type: 'object', properties: { n: { type: 'integer' } } };
  const formats: readonly (readonly [object, string])[] = [
    [
      { response_format: { type: 'json_schema', json_schema: { name: 's', schema } } },
      'response_format.json_schema.schema',
    ],
    [{ response_format: { type: 'json_schema', name: 's', schema } }, 'response_format.schema'],
    [{ text: { format: { type: 'json_schema', name: 's', schema } } }, 'text.format.schema'],
    [
      { text: { format: { type: 'json_schema', json_schema: { name: 's', schema } } } },
      'text.format.json_schema.schema',
    ],
    [{ output_config: { format: { type: 'json_schema', schema } } }, 'output_config.format.schema'],
    [{ output_format: { type: 'json_schema', schema } }, 'output_format.schema'],
    [{ output_format: { type: 'json_schema', json_schema: { schema } } }, 'output_format.json_schema.schema'],
    [{ response_format: { type: 'json_object', schema } }, 'response_format.schema'],
  ];
  it.each(everywhere(formats))('at %s: %j', (api, [fields, at]) => {
    expect(hi(api, fields).conversation.output.format).toMatchObject({ type: 'json-schema', schema, at });
  });

  it.each(everywhere([{ response_format: { type: 'json_object' } }, { text: { format: { type: 'json_object' } } }]))(
    'at %s: %j is JSON',
    (api, fields) => {
      expect(hi(api, fields).conversation.output.format).toMatchObject({ type: 'json' });
    },
  );

  it.each(
    everywhere([{ response_format: { type: 'xml' } }, { text: { format: { type: 'grammar' } } }, { output_format: 5 }]),
  )('at %s: %j is refused by name', (api, fields) => {
    const [field = ''] = Object.keys(fields);
    expect(() => hi(api, fields)).toThrow(expect.objectContaining({ param: expect.stringContaining(field) }));
  });

  it.each(NAMES)('at %s is rejected if two fields request different ones', (api) => {
    const fields = { response_format: { type: 'json_object' }, output_format: { type: 'json_schema', schema } };
    expect(() => hi(api, fields)).toThrow(/conflicts with the format/);
  });
});

describe('reasoning', () => {
  const on = (effort?: string, budgetTokens?: number) => ({ mode: 'on', effort, budgetTokens });
  const options: readonly (readonly [object, object])[] = [
    [{ reasoning_effort: 'high' }, on('high')],
    [{ reasoning_effort: 'none' }, { mode: 'off' }],
    [{ reasoning: { effort: 'low' } }, on('low')],
    [{ thinking: { type: 'enabled', budget_tokens: 4000 } }, on(undefined, 4000)],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, on('max')],
    [{ thinking: { type: 'disabled', budget_tokens: 0 } }, { mode: 'off' }],
    [{ thinking: { type: 'enabled', budget_tokens: 0 } }, { mode: 'off' }],
    [{ output_config: { effort: 'high' }, enable_thinking: true }, on('high')],
    [{ enable_thinking: false }, { mode: 'off' }],
    [{ enable_thinking: true, thinking_budget: 500 }, on(undefined, 500)],
    [{ thinking_budget: 0 }, { mode: 'off' }],
    [{ chat_template_kwargs: { enable_thinking: true } }, on()],
    [{ include_reasoning: true }, on()],
    [
      { reasoning: { max_tokens: 0, enabled: false }, thinking: { type: 'disabled', budget_tokens: 0 } },
      { mode: 'off' },
    ],
    [{ reasoning: { max_tokens: 2000 } }, on(undefined, 2000)],
    [{ reasoning: { enabled: true } }, on()],
  ];
  it.each(everywhere(options))('at %s: %j', (api, [fields, expected]) => {
    expect(hi(api, fields).conversation.reasoning).toEqual(expected);
  });

  it.each(everywhere([{ thinking: { type: 'hard' } }, { thinking: { type: 'enabled', budget_tokens: 'many' } }]))(
    'at %s: %j is refused by name',
    (api, fields) => {
      expect(() => hi(api, fields)).toThrow(expect.objectContaining({ param: expect.stringContaining('thinking') }));
    },
  );
});

describe('limits and instructions', () => {
  it.each(everywhere([{ max_output_tokens: 7 }, { max_completion_tokens: 7 }]))('at %s: %j', (api, fields) => {
    const own = APIS[api];
    const { output } = own({ ...listed(api, [HI]), ...fields, max_tokens: undefined }).conversation;
    expect(output).toMatchObject({ maxTokens: 7, maxTokensAt: Object.keys(fields)[0] });
  });

  it.each(everywhere([{ stop: 'END' }, { stop: ['END'] }, { stop_sequences: ['END'] }, { stop_sequences: 'END' }]))(
    'at %s: %j',
    (api, fields) => {
      expect(hi(api, fields).conversation.output.stopSequences).toEqual(['END']);
    },
  );

  it.each(
    everywhere([
      { system: 'Be brief.' },
      { system: [{ type: 'text', text: 'Be brief.' }] },
      { instructions: 'Be brief.' },
    ]),
  )('at %s: %j is system text', (api, fields) => {
    expect(hi(api, fields).conversation.system).toMatchObject([
      { text: 'Be brief.', at: expect.stringContaining(Object.keys(fields)[0] ?? '') },
    ]);
  });

  it.each(
    everywhere([{ n: 3 }, { logprobs: true }, { container: 'c' }, { mcp_servers: [{ url: 'https://a.example' }] }]),
  )('at %s: %j is honoured or refused by name', (api, fields) => {
    const [field = ''] = Object.keys(fields);
    if (api === 'chat' && field === 'n') expect(hi(api, fields).choices).toBe(3);
    else expect(() => hi(api, fields)).toThrow(expect.objectContaining({ param: field }));
  });

  it.each([
    ['chat', { previous_response_id: 'resp_1' }],
    ['chat', { background: true }],
    ['messages', { previous_response_id: 'resp_1' }],
    ['messages', { conversation: 'conv_1' }],
  ] as const)('at %s: %j is refused by name', (api, fields) => {
    expect(() => hi(api, fields)).toThrow(expect.objectContaining({ param: Object.keys(fields)[0] }));
  });
});

describe('several limits', () => {
  it.each(NAMES)('at %s: the stop sequences of both fields apply', (api) => {
    const { output } = hi(api, { stop: ['A', 'B'], stop_sequences: ['B', 'C'] }).conversation;
    expect(output.stopSequences.toSorted()).toEqual(['A', 'B', 'C']);
  });

  it.each(NAMES)('at %s: stop sequences of too many characters are refused by name', (api) => {
    const most = ['A'.repeat(16_000), 'B'.repeat(384)];
    expect(hi(api, { stop: most }).conversation.output.stopSequences).toEqual(most);
    const refused = expect.objectContaining({ code: 'invalid_request', param: 'stop' });
    expect(() => hi(api, { stop: 'C', stop_sequences: most })).toThrow(refused);
  });

  it.each(NAMES)('at %s: the length that does not apply is noted', (api) => {
    const { adjustments } = hi(api, { max_tokens: 5, max_completion_tokens: 6 });
    expect(adjustments).toContainEqual(expect.objectContaining({ rule: 'parameter-ignored' }));
  });
});

describe('the conversation', () => {
  it.each([
    ['chat', { input: [HI] }],
    ['chat', { messages: [], input: [{ role: 'user', content: [{ type: 'input_text', text: 'hi' }] }] }],
    ['chat', { input: 'hi' }],
    ['chat', { prompt: 'hi' }],
    ['chat', { input: [{ type: 'input_text', text: 'hi' }] }],
    ['responses', { messages: [HI] }],
    ['responses', { input: [], messages: [HI] }],
    ['messages', { input: [HI] }],
  ] as const)('at %s may be %j', (api, fields) => {
    const { conversation } = APIS[api](fields);
    expect(conversation.turns).toMatchObject([{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }]);
  });

  it.each(NAMES)('at %s is rejected in two fields at once', (api) => {
    expect(() => APIS[api]({ messages: [HI], input: [HI] })).toThrow(/conflicts with the conversation/);
  });

  const oddEntries: readonly unknown[] = [
    {
      role: 'assistant',
      content: [
        { type: 'thinking', signature: 's' },
        { type: 'text', text: 'ok' },
      ],
    },
    { role: 'assistant', content: [{ type: 'thinking', thinking: null }, { type: 'redacted_thinking' }] },
    {
      role: 'assistant',
      content: [{ type: 'text', text: null }, { type: 'text' }, { type: 'text', text: 5 }, 7, null],
    },
    { role: 'assistant', content: 5 },
    { role: 'assistant', content: null, tool_calls: [null, {}, { id: 5, function: null }] },
    {
      role: 'assistant',
      content: 'ok',
      reasoning_content: [{ type: 'text', text: 'hm' }],
      reasoning_details: [null, {}],
    },
    { role: 'oracle', content: 'I am unknown.' },
    { role: 'developer', content: [{ type: 'text', text: null }] },
    { type: 'unheard_of', thing: { deep: [1] } },
    { type: 'function_call' },
    { type: 'function_call_output', output: { a: 1 } },
    { type: 'apply_patch_call', call_id: 'c' },
    { type: 'item_reference', id: 'gone' },
    { role: 'tool', content: { temperature: 5 } },
    { role: 'tool', content: [{ type: 'input_audio', input_audio: { data: 'aGk=' } }] },
    { role: 'user', content: [{ type: 'input_audio' }, { type: 'input_image', file_id: 'file_1' }] },
    { role: 'user' },
    { content: 'no role' },
    null,
    5,
    'a string',
  ];
  it.each(everywhere(oddEntries))('at %s accepts %j in its history', (api, entry) => {
    const { conversation } = parse(api, [
      HI,
      entry,
      { role: 'assistant', content: 'ok' },
      { role: 'user', content: 'y' },
    ]);
    expect(conversation.turns.at(-1)).toMatchObject({ parts: [{ text: 'y' }] });
    expect(conversation.turns[0]).toMatchObject({ parts: [{ text: 'hi' }] });
  });

  it.each(NAMES)('at %s keeps the reasoning of every form', (api) => {
    const { conversation } = parse(api, [
      HI,
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'one', signature: 's' }] },
      { role: 'assistant', content: 'ok', reasoning_content: [{ type: 'text', text: 'two' }] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'three' }] },
      { role: 'assistant', content: [{ type: 'reasoning', text: 'four' }] },
      HI,
    ]);
    const thoughts = partsOf(conversation).flatMap((part) => (part.type === 'reasoning' ? part.text : []));
    expect(thoughts).toEqual(['one', 'two', 'three', 'four']);
  });
});

describe('Cursor', () => {
  const patch = '*** Begin Patch\n*** Add File: a.ts\n+{"x": 1}\n*** End Patch';
  const applyPatch = {
    type: 'custom',
    name: 'ApplyPatch',
    description: 'Applies a patch.',
    format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
  };

  it('receives the raw text of a flat custom tool as the arguments of a function', () => {
    const request = APIS.chat({ input: [HI], tools: [applyPatch] });
    expect(request.conversation.tools).toMatchObject([
      { name: 'ApplyPatch', description: expect.stringContaining('start: "x"') },
    ]);
    const reply = {
      blocks: [
        { type: 'tool-use' as const, toolUseId: 'c', name: 'ApplyPatch', json: JSON.stringify({ input: patch }) },
      ],
      sources: [],
      stopReason: 'tool-use' as const,
      stopSequence: undefined,
      usage: { inputTokens: { value: 1, source: 'estimated' }, outputTokens: { value: 1, source: 'estimated' } },
    } as unknown as Parameters<typeof openaiChat.writeReply>[0];
    expect(openaiChat.writeReply(reply, request, 'chatcmpl-1')).toMatchObject({
      choices: [
        { message: { tool_calls: [{ type: 'function', function: { name: 'ApplyPatch', arguments: patch } }] } },
      ],
    });
  });

  it('receives it streamed too', () => {
    const request = APIS.chat({ input: [HI], tools: [applyPatch], stream: true });
    const writer = openaiChat.createWriter(request, 'chatcmpl-1');
    const json = JSON.stringify({ input: patch });
    const written = [
      writer.write({ type: 'reply-start', inputTokens: estimated(1) }),
      writer.write({ type: 'tool-use-start', toolUseId: 'c', name: 'ApplyPatch' }),
      writer.write({ type: 'tool-use-delta', json: TextPiece.plain(json.slice(0, 20)) }),
      writer.write({ type: 'tool-use-delta', json: TextPiece.plain(json.slice(20)) }),
      writer.write({ type: 'tool-use-end' }),
    ].join('');
    const calls = parseEvents(written).flatMap(({ choices }) => choices[0].delta.tool_calls ?? []);
    expect(calls[0]).toMatchObject({ id: 'c', type: 'function', function: { name: 'ApplyPatch' } });
    expect(calls.map((call: { function: { arguments?: string } }) => call.function.arguments ?? '').join('')).toBe(
      patch,
    );
  });

  it.each([patch, '{"path":"a"}', ''])('sends the raw text %j back, which is not parsed as JSON', (text) => {
    const call = { id: 'c', type: 'function', function: { name: 'ApplyPatch', arguments: text } };
    const { conversation } = APIS.chat({
      messages: [
        HI,
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c', content: 'Done.' },
      ],
      tools: [applyPatch],
    });
    expect(partsOf(conversation)[1]).toMatchObject({ type: 'tool-use', input: { input: text } });
  });
});
