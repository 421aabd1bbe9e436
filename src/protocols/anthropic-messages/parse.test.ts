import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attachmentOf } from '../../../test/support/conversations.ts';
import type { Adjustment } from '../../core/adjustments.ts';
import { GatewayError } from '../../core/errors.ts';
import { runAtOnce } from '../../core/steps.ts';
import { sealedSignature, visibleSignature } from '../reading/signature.ts';
import claudeCode from './fixtures/claude-code-request.json' with { type: 'json' };
import { anthropicMessages, FIELD_SUPPORT, parseCountTokens } from './index.ts';

function context(headers: Record<string, string> = {}) {
  return { header: (name: string) => headers[name], nowMs: 1_770_000_000_999 };
}

/** A request with the required fields only. */
function body(fields: object = {}): object {
  return { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], ...fields };
}

function parse(fields: object = {}, headers: Record<string, string> = {}) {
  return runAtOnce(anthropicMessages.parseRequest(body(fields), context(headers)));
}

function conversation(fields: object = {}) {
  return parse(fields).conversation;
}

function parts(content: unknown, role = 'user') {
  return conversation({ messages: [{ role, content }] }).turns[0]?.parts;
}

function refusal(request: unknown): GatewayError {
  try {
    runAtOnce(anthropicMessages.parseRequest(request, context()));
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

function rules(adjustments: readonly Adjustment[]): string[] {
  return adjustments.map(({ rule, path }) => `${rule} ${path}`);
}

const PNG = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' };

describe('a Claude Code request', () => {
  const parsed = runAtOnce(anthropicMessages.parseRequest(claudeCode, context()));

  it('becomes this conversation', () => {
    expect(parsed.conversation).toEqual({
      model: 'claude-sonnet-5-5',
      system: [{ at: 'system[1]', text: 'You are a careful engineer.', cachePoint: true }],
      turns: [
        {
          at: 'messages[0]',
          role: 'user',
          parts: [
            { type: 'text', at: 'messages[0].content[0]', text: '<system-reminder>Today is Friday.</system-reminder>' },
            { type: 'text', at: 'messages[0].content[1]', text: 'fix the bug' },
          ],
        },
        {
          at: 'messages[1]',
          role: 'system',
          parts: [{ type: 'text', at: 'messages[1].content[0]', text: '# Environment: linux', cachePoint: true }],
        },
        {
          at: 'messages[2]',
          role: 'assistant',
          parts: [
            { type: 'reasoning', at: 'messages[2].content[0]', text: 'Read it first.', signature: 'RXFhYg==' },
            { type: 'text', at: 'messages[2].content[1]', text: 'Reading.' },
            {
              type: 'tool-use',
              at: 'messages[2].content[2]',
              toolUseId: 'toolu_01',
              name: 'Read',
              input: { file_path: '/w/a.ts' },
            },
          ],
        },
        {
          at: 'messages[3]',
          role: 'user',
          parts: [
            {
              type: 'tool-result',
              at: 'messages[3].content[0]',
              toolUseId: 'toolu_01',
              isError: true,
              cachePoint: true,
              content: [
                { type: 'text', at: 'messages[3].content[0].content[0]', text: 'a screenshot instead' },
                {
                  type: 'image',
                  at: 'messages[3].content[0].content[1]',
                  mediaType: 'image/png',
                  attachment: attachmentOf('iVBORw0KGgo='),
                },
                { type: 'text', at: 'messages[3].content[0].content[2]', text: 'The tool WebFetch is loaded.' },
              ],
            },
          ],
        },
      ],
      tools: [
        {
          at: 'tools[0]',
          name: 'Read',
          description: 'Reads a file.',
          inputSchema: claudeCode.tools[0]?.input_schema,
        },
        {
          at: 'tools[1]',
          name: 'WebFetch',
          description: 'Fetches a page.',
          inputSchema: { type: 'object', properties: {} },
        },
      ],
      toolChoice: { type: 'auto' },
      parallelToolUse: true,
      reasoning: { mode: 'on', effort: 'medium', budgetTokens: undefined },
      output: { maxTokens: 128000, stopSequences: [], format: { type: 'text' } },
      key: '0b0e4c5e-0000-4000-8000-000000000001',
    });
    expect(parsed.stream).toBe(true);
    expect(parsed.createdAtS).toBe(1_770_000_000);
  });

  it('has notes for what has no effect', () => {
    expect(rules(parsed.adjustments)).toEqual([
      'parameter-ignored context_management',
      'billing-header-dropped system[0]',
      'tool-deferred tools[2]',
      'tool-deferred tools[3]',
    ]);
  });
});

describe('required input', () => {
  it.each([
    { name: 'no object at all', request: 'hi', param: undefined },
    { name: 'a list', request: [], param: undefined },
    { name: 'no model', request: { ...body(), model: undefined }, param: 'model' },
    { name: 'an empty model', request: body({ model: '' }), param: 'model' },
    { name: 'no max_tokens', request: body({ max_tokens: undefined }), param: 'max_tokens' },
    { name: 'a fraction of a token', request: body({ max_tokens: 1.5 }), param: 'max_tokens' },
    { name: 'no messages', request: body({ messages: undefined }), param: 'messages' },
    { name: 'an empty list of messages', request: body({ messages: [] }), param: 'messages' },
    { name: 'a user without content', request: body({ messages: [{ role: 'user' }] }), param: 'messages[0].content' },
    {
      name: 'content which is a number',
      request: body({ messages: [{ role: 'user', content: 3 }] }),
      param: 'messages[0].content',
    },
    {
      name: 'malformed text',
      request: body({ messages: [{ role: 'user', content: [{ type: 'text', text: 1 }] }] }),
      param: 'messages[0].content[0].text',
    },
    {
      name: 'an image by file id',
      request: body({
        messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }] }],
      }),
      param: 'messages[0].content[0].source',
    },
    {
      name: 'a document by file id',
      request: body({
        messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_2' } }] }],
      }),
      param: 'messages[0].content[0].source',
    },
    {
      name: 'an unknown tool choice',
      request: body({ tool_choice: { type: 'maybe' } }),
      param: 'tool_choice.type',
    },
    {
      name: 'a tool choice of no tool',
      request: body({ tool_choice: { type: 'tool', name: 'x' } }),
      param: 'tool_choice.name',
    },
    { name: 'an unknown kind of thinking', request: body({ thinking: { type: 'hard' } }), param: 'thinking.type' },
    {
      name: 'an unknown format',
      request: body({ output_config: { format: { type: 'xml' } } }),
      param: 'output_config.format.type',
    },
    {
      name: 'a format without schema',
      request: body({ output_format: { type: 'json_schema' } }),
      param: 'output_format.schema',
    },
    { name: 'a system prompt which is a number', request: body({ system: 7 }), param: 'system' },
    { name: 'a container', request: body({ container: 'c_1' }), param: 'container' },
    { name: 'MCP servers', request: body({ mcp_servers: [{ url: 'https://a' }] }), param: 'mcp_servers' },
    { name: 'a thread', request: body({ thread: { type: 'create' } }), param: 'thread' },
  ])('rejects $name, and names the field', ({ request, param }) => {
    const error = refusal(request);
    expect(error.policy).toMatchObject({ status: 400, blame: 'client' });
    expect(error.param).toBe(param);
    expect(error.message).not.toBe('');
  });

  it('names the expected value', () => {
    expect(refusal(body({ max_tokens: undefined })).message).toBe('max_tokens: a required field is missing.');
    expect(refusal(body({ max_tokens: 'many' })).message).toBe('max_tokens: expected number, received string.');
    expect(refusal(body({ messages: [] })).message).toBe('messages: must not be empty.');
  });

  it('accepts null for optional fields', () => {
    const optional = ['system', 'tools', 'tool_choice', 'thinking', 'output_config', 'metadata', 'stop_sequences'];
    const refused = ['container', 'mcp_servers', 'thread', 'cache_control', 'stream', 'output_format'];
    const request = parse(Object.fromEntries([...optional, ...refused].map((field) => [field, null])));
    expect(request).toEqual(parse());
  });
});

describe('the support of fields', () => {
  it('is defined for each field that the official SDK can send', () => {
    const sdk = dirname(createRequire(import.meta.url).resolve('@anthropic-ai/sdk'));
    const fields = ['resources/messages/messages.d.ts', 'resources/beta/messages/messages.d.ts'].flatMap((file) => {
      const types = readFileSync(join(sdk, file), 'utf8');
      return ['MessageCreateParamsBase', 'MessageCountTokensParams'].flatMap((name) => {
        const declaration = types.split(`export interface ${name} {`)[1]?.split('\n}')[0] ?? '';
        return [...declaration.matchAll(/^ {4}(\w+)\??:/gm)].map(([, field]) => field);
      });
    });
    expect(fields.length).toBeGreaterThan(50);
    expect(fields.filter((field) => !Object.hasOwn(FIELD_SUPPORT, field ?? ''))).toEqual([]);
  });

  it('shows in the notes: unsupported options are noted, irrelevant fields are not', () => {
    const unused = Object.entries(FIELD_SUPPORT).filter(([, support]) => support === 'noted' || support === 'ignored');
    const { adjustments } = parse(Object.fromEntries(unused.map(([field]) => [field, { some: 'thing' }])));
    const noted = unused.filter(([, support]) => support === 'noted').map(([field]) => `parameter-ignored ${field}`);
    expect(rules(adjustments).sort()).toEqual(noted.sort());
  });

  it('is a note for an unknown field, at any depth', () => {
    const { adjustments } = parse({
      brand_new: 1,
      metadata: { user_id: 'u' },
      output_config: { task_budget: { type: 'tokens', total: 5 } },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', colour: [1] }], weight: 2 }],
      tools: [
        { name: 'a', input_schema: {}, strict: true },
        { name: 'b', input_schema: {}, strict: true },
      ],
    });
    expect(adjustments).toEqual([
      { rule: 'field-ignored', path: 'brand_new' },
      { rule: 'field-ignored', path: 'output_config.task_budget' },
      { rule: 'field-ignored', path: 'tools[0].strict', before: '2 times' },
      { rule: 'field-ignored', path: 'messages[0].weight' },
      { rule: 'field-ignored', path: 'messages[0].content[0].colour' },
    ]);
  });
});

describe('blocks', () => {
  const at = 'messages[0].content[0]';

  it.each([
    {
      name: 'a string',
      role: 'user',
      content: 'hi',
      expected: [{ type: 'text', at: 'messages[0].content', text: 'hi' }],
    },
    { name: 'an empty list', role: 'user', content: [], expected: [] },
    {
      name: 'an image',
      role: 'user',
      content: [{ type: 'image', source: PNG, cache_control: { type: 'ephemeral' } }],
      expected: [
        { type: 'image', at, mediaType: 'image/png', attachment: attachmentOf('iVBORw0KGgo='), cachePoint: true },
      ],
    },
    {
      name: 'an image whose URL holds the image itself',
      role: 'user',
      content: [{ type: 'image', source: { type: 'url', url: 'data:image/gif;base64,R0lGOD==' } }],
      expected: [{ type: 'image', at, mediaType: 'image/gif', attachment: attachmentOf('R0lGOD==') }],
    },
    {
      name: 'a PDF with a context',
      role: 'user',
      content: [
        {
          type: 'document',
          title: 'Manual',
          context: 'from the shop',
          source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' },
        },
      ],
      expected: [
        { type: 'text', at: `${at}.context`, text: 'from the shop' },
        {
          type: 'document',
          at,
          name: 'Manual',
          mediaType: 'application/pdf',
          source: { type: 'attachment', attachment: attachmentOf('JVBERg==') },
        },
      ],
    },
    {
      name: 'a plain text document',
      role: 'user',
      content: [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' } }],
      expected: [
        { type: 'document', at, name: undefined, mediaType: 'text/plain', source: { type: 'text', text: 'words' } },
      ],
    },
    {
      name: 'a composed document',
      role: 'user',
      content: [
        {
          type: 'document',
          source: {
            type: 'content',
            content: [
              { type: 'text', text: 'one' },
              { type: 'image', source: PNG },
              { type: 'text', text: 'two' },
            ],
          },
        },
      ],
      expected: [
        {
          type: 'document',
          at,
          name: undefined,
          mediaType: 'text/plain',
          source: { type: 'text', text: 'one\n\ntwo' },
        },
        {
          type: 'image',
          at: `${at}.source.content[1]`,
          mediaType: 'image/png',
          attachment: attachmentOf('iVBORw0KGgo='),
        },
      ],
    },
    {
      name: 'a search result',
      role: 'user',
      content: [{ type: 'search_result', title: 'T', source: 'https://a', content: [{ type: 'text', text: 'found' }] }],
      expected: [{ type: 'text', at, text: 'T\nhttps://a\n\nfound' }],
    },
    {
      name: 'a tool result without content',
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 't' }],
      expected: [{ type: 'tool-result', at, toolUseId: 't', content: [], isError: false }],
    },
    {
      name: 'a tool result in a string',
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 't', content: 'done', is_error: false }],
      expected: [
        {
          type: 'tool-result',
          at,
          toolUseId: 't',
          content: [{ type: 'text', at: `${at}.content`, text: 'done' }],
          isError: false,
        },
      ],
    },
    {
      name: 'a tool use without input',
      role: 'assistant',
      content: [{ type: 'tool_use', id: 't', name: 'Stop' }],
      expected: [{ type: 'tool-use', at, toolUseId: 't', name: 'Stop', input: {} }],
    },
    {
      name: 'redacted thinking',
      role: 'assistant',
      content: [{ type: 'redacted_thinking', data: 'b3BhcXVl' }],
      expected: [{ type: 'redacted-reasoning', at, data: 'b3BhcXVl' }],
    },
    {
      name: "thinking under the upstream's signature",
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 'hm', signature: 'RXFhYg==' }],
      expected: [{ type: 'reasoning', at, text: 'hm', signature: 'RXFhYg==' }],
    },
    {
      name: 'thinking under our placeholder',
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 'hm', signature: visibleSignature(undefined) }],
      expected: [{ type: 'reasoning', at, text: 'hm' }],
    },
    {
      name: 'thinking without signature',
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 'hm' }],
      expected: [{ type: 'reasoning', at, text: 'hm' }],
    },
    {
      name: 'omitted thinking, which comes back whole',
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: '', signature: sealedSignature({ text: 'hm', signature: 'RXFhYg==' }) },
        { type: 'thinking', thinking: '', signature: `${visibleSignature(undefined)}eyJ0ZX` },
      ],
      expected: [
        { type: 'reasoning', at, text: 'hm', signature: 'RXFhYg==' },
        { type: 'reasoning', at: 'messages[0].content[1]', text: '' },
      ],
    },
    {
      name: 'a summary of what was compacted',
      role: 'assistant',
      content: [{ type: 'compaction', content: 'so far so good' }],
      expected: [{ type: 'text', at, text: 'so far so good' }],
    },
    {
      name: 'a search which the server made, and what it found',
      role: 'assistant',
      content: [
        { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'cats' } },
        {
          type: 'web_search_tool_result',
          tool_use_id: 's',
          content: [{ type: 'web_search_result', url: 'https://c', title: 'Cats', encrypted_content: 'xyz' }],
        },
      ],
      expected: [
        { type: 'tool-use', at, toolUseId: 's', name: 'web_search', input: { query: 'cats' } },
        {
          type: 'tool-result',
          at: 'messages[0].content[1]',
          toolUseId: 's',
          content: [
            { type: 'text', at: 'messages[0].content[1].content', text: expect.stringContaining('1. Cats\nhttps://c') },
          ],
          isError: false,
        },
      ],
    },
    {
      name: 'a page which the server fetched',
      role: 'assistant',
      content: [
        {
          type: 'web_fetch_tool_result',
          tool_use_id: 's',
          content: {
            type: 'web_fetch_result',
            url: 'https://c',
            content: { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'purr' } },
          },
        },
      ],
      expected: [
        {
          type: 'text',
          at,
          text: 'web_fetch_tool_result: {"content":{"type":"web_fetch_result","url":"https://c","content":{"type":"document","source":{"type":"text","media_type":"text/plain","data":"purr"}}}}',
        },
      ],
    },
    {
      name: 'a block from the future with text',
      role: 'user',
      content: [{ type: 'poem', text: 'roses are red' }],
      expected: [{ type: 'text', at, text: 'roses are red' }],
    },
    {
      name: 'blocks with nothing to read',
      role: 'assistant',
      content: [
        { type: 'container_upload', file_id: 'f' },
        { type: 'fallback', from: { model: 'a' }, to: { model: 'b' } },
        { type: 'constructor' },
      ],
      expected: [],
    },
  ])('reads $name', ({ role, content, expected }) => {
    expect(parts(content, role)).toEqual(expected);
  });

  it('notes blocks that became text or were dropped', () => {
    const content = [{ type: 'mcp_tool_use', id: 'm', name: 'f', server_name: 's', input: {} }, { type: '__proto__' }];
    const { adjustments } = parse({ messages: [{ role: 'assistant', content }] });
    expect(adjustments).toEqual([
      { rule: 'block-as-text', path: 'messages[0].content[0]', before: 'mcp_tool_use' },
      { rule: 'block-ignored', path: 'messages[0].content[1]', before: '__proto__' },
    ]);
  });

  it('notes that documents and search results are not cited', () => {
    const source = { type: 'text', media_type: 'text/plain', data: 'words' };
    const result = { type: 'search_result', source: 'https://a', title: 'A', content: [{ type: 'text', text: 'a' }] };
    const content = [
      { type: 'document', source, citations: { enabled: true } },
      { type: 'document', source, citations: { enabled: false } },
      { ...result, citations: { enabled: true }, unknown: 1 },
      result,
    ];
    expect(rules(parse({ messages: [{ role: 'user', content }] }).adjustments)).toEqual([
      'parameter-ignored messages[0].content[0].citations',
      'parameter-ignored messages[0].content[2].citations',
      'field-ignored messages[0].content[2].unknown',
    ]);
  });

  it('marks the last block for the cache if the request itself is marked', () => {
    const { turns } = conversation({
      cache_control: { type: 'ephemeral' },
      messages: [
        { role: 'user', content: 'one' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'two' },
            { type: 'thinking', thinking: 'three' },
          ],
        },
      ],
    });
    expect(turns.flatMap((turn) => turn.parts.filter((part) => 'cachePoint' in part && part.cachePoint))).toEqual([
      { type: 'text', at: 'messages[1].content[0]', text: 'two', cachePoint: true },
    ]);
  });
});

describe('system messages', () => {
  const later = { role: 'user', content: 'and now?' };

  it('are turns of their own after the first turn, and are dropped if empty', () => {
    const messages = [later, { role: 'system', content: 'be brief' }, { role: 'system' }, later];
    expect(conversation({ messages }).turns.map(({ at, role }) => `${at} ${role}`)).toEqual([
      'messages[0] user',
      'messages[1] system',
      'messages[3] user',
    ]);
  });

  it('are part of the system text before it', () => {
    const { system, turns } = conversation({
      system: 'be kind',
      messages: [{ role: 'system', content: 'be brief' }, later],
    });
    expect(system.map(({ at, text }) => `${at} ${text}`)).toEqual(['system be kind', 'messages[0].content be brief']);
    expect(turns.map(({ at }) => at)).toEqual(['messages[1]']);
  });

  it('are cleared after the next user message, if requested', () => {
    const cleared = { role: 'system', content: 'for now', clear_at: 'next_user_message' };
    const kept = { role: 'system', content: 'for ever', clear_at: 'never' };
    const { conversation, adjustments } = parse({ messages: [later, kept, cleared, later, cleared] });
    expect(conversation.turns.map(({ at }) => at)).toEqual([0, 1, 3, 4].map((i) => `messages[${i}]`));
    expect(rules(adjustments)).toEqual(['system-message-cleared messages[2]']);
  });
});

describe('thinking', () => {
  it.each([
    { name: 'unasked', fields: {}, reasoning: { mode: 'unset' }, thinking: 'hidden' },
    { name: 'disabled', fields: { thinking: { type: 'disabled' } }, reasoning: { mode: 'off' }, thinking: 'hidden' },
    {
      name: 'enabled',
      fields: { thinking: { type: 'enabled', budget_tokens: 2048 } },
      reasoning: { mode: 'on', effort: undefined, budgetTokens: 2048 },
      thinking: 'shown',
    },
    {
      name: 'adaptive, omitted',
      fields: { thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'xhigh' } },
      reasoning: { mode: 'on', effort: 'xhigh', budgetTokens: undefined },
      thinking: 'omitted',
    },
    {
      name: 'between tools',
      fields: { thinking: { type: 'between_tools' } },
      reasoning: { mode: 'on', effort: undefined, budgetTokens: undefined },
      thinking: 'shown',
    },
    {
      name: 'by effort alone',
      fields: { output_config: { effort: 'low' } },
      reasoning: { mode: 'on', effort: 'low', budgetTokens: undefined },
      thinking: 'hidden',
    },
    {
      name: 'with an unknown effort',
      fields: { output_config: { effort: 'heroic' } },
      reasoning: { mode: 'unset' },
      thinking: 'hidden',
    },
  ])('$name', ({ fields, reasoning, thinking }) => {
    const parsed = parse(fields);
    expect(parsed.conversation.reasoning).toEqual(reasoning);
    expect(parsed.echo).toEqual({ model: 'claude-sonnet-4-5', thinking });
  });
});

describe('output', () => {
  it.each([
    { name: 'text', fields: {}, format: { type: 'text' } },
    {
      name: 'a schema',
      fields: { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      format: {
        type: 'json-schema',
        at: 'output_config.format.schema',
        name: undefined,
        schema: { type: 'object' },
      },
    },
    {
      name: 'a schema, the old way',
      fields: { output_format: { type: 'json_schema', schema: {} } },
      format: { type: 'json-schema', at: 'output_format.schema', name: undefined, schema: {} },
    },
  ])('is $name', ({ fields, format }) => {
    expect(conversation({ ...fields, stop_sequences: ['END'], max_tokens: 0 }).output).toEqual({
      maxTokens: 0,
      stopSequences: ['END'],
      stopSequencesAt: 'stop_sequences',
      format,
    });
  });
});

describe("the conversation's key", () => {
  const session = '0b0e4c5e-1111-4000-8000-000000000001';

  it.each([
    { name: 'none', userId: undefined, headers: {}, key: undefined },
    { name: 'none in a mere user id', userId: 'alice', headers: {}, key: undefined },
    { name: 'none in a brace', userId: '{', headers: {}, key: undefined },
    { name: 'from the header', userId: 'alice', headers: { 'x-claude-code-session-id': 's1' }, key: 's1' },
    { name: 'from JSON', userId: JSON.stringify({ session_id: 's2' }), headers: {}, key: 's2' },
    { name: 'from the older form', userId: `user_1_account__session_${session}`, headers: {}, key: session },
    {
      name: 'apart for a subagent',
      userId: undefined,
      headers: { 'x-claude-code-session-id': 's1', 'x-claude-code-agent-id': 'a7' },
      key: 's1/a7',
    },
  ])('$name', ({ userId, headers, key }) => {
    expect(parse(userId === undefined ? {} : { metadata: { user_id: userId } }, headers).conversation.key).toBe(key);
  });
});

describe('count_tokens', () => {
  it('needs no max_tokens, and is never streamed', () => {
    const parsed = runAtOnce(
      parseCountTokens({ model: 'm', messages: [{ role: 'user', content: 'foo' }], tools: [] }, context()),
    );
    expect(parsed.stream).toBe(false);
    expect(parsed.conversation.output.maxTokens).toBeUndefined();
    expect(parsed.conversation.turns).toHaveLength(1);
  });
});

describe('any JSON', () => {
  /** Mostly valid, so that later stages are reached too. */
  function mostly<T>(valid: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
    return fc.oneof({ weight: 15, arbitrary: valid }, { weight: 1, arbitrary: fc.jsonValue() });
  }
  const name = mostly(fc.constantFrom('Read', 'Write', '__proto__'));
  const blocks = fc.array(
    mostly(
      fc.record({
        type: fc.constantFrom(
          'text',
          'image',
          'document',
          'tool_use',
          'tool_result',
          'thinking',
          'tool_addition',
          'new',
        ),
        text: mostly(fc.string()),
        id: mostly(fc.constantFrom('a', 'b')),
        name,
        input: fc.jsonValue(),
        tool_use_id: mostly(fc.constantFrom('a', 'b')),
        content: mostly(fc.string()),
        source: mostly(fc.constant(PNG)),
        tool: mostly(fc.record({ type: fc.constantFrom('tool_reference', 'new'), name })),
        thinking: mostly(fc.string()),
      }),
    ),
    { maxLength: 3 },
  );
  const message = fc.record({
    role: mostly(fc.constantFrom('user', 'assistant', 'system')),
    content: mostly(fc.oneof(fc.string(), blocks)),
  });
  const tool = fc.record(
    {
      name,
      type: mostly(fc.constantFrom('custom', 'bash_20250124', 'web_search_20250305')),
      input_schema: fc.jsonValue(),
    },
    { requiredKeys: ['name'] },
  );
  const request = fc.record(
    {
      model: mostly(fc.constant('m')),
      max_tokens: mostly(fc.nat()),
      messages: mostly(fc.array(message, { minLength: 1, maxLength: 4 })),
      tools: mostly(fc.array(tool, { maxLength: 3 })),
      system: mostly(fc.oneof(fc.string(), fc.constant([{ type: 'text', text: 'x' }]))),
      thinking: mostly(fc.constantFrom({ type: 'adaptive' }, { type: 'disabled' })),
      output_config: mostly(fc.constantFrom({ effort: 'low' }, {})),
      tool_choice: mostly(fc.constantFrom({ type: 'any' }, { type: 'tool', name: 'Read' })),
    },
    { requiredKeys: ['model', 'max_tokens', 'messages'] },
  );

  it('becomes a conversation, or is rejected with blame client', () => {
    const outcomes = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(fc.oneof(request, fc.jsonValue()), (value) => {
        try {
          runAtOnce(anthropicMessages.parseRequest(value, context()));
          outcomes.accepted++;
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          expect(error.policy.blame).toBe('client');
          outcomes.refused++;
        }
      }),
      { seed: 42, numRuns: 3000 },
    );
    expect(outcomes.accepted).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(100);
  });

  it('may be nested deeper than the stack', () => {
    const deep: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000));
    const use = { type: 'tool_use', id: 'i', name: 'n', input: deep };
    expect(parts([use], 'assistant')).toMatchObject([{ type: 'tool-use', input: expect.anything() }]);
    expect(conversation({ tools: [{ name: 'n', input_schema: deep }] }).tools[0]?.inputSchema).toBeUndefined();
    expect(parts([{ type: 'novelty', inside: deep }])).toMatchObject([{ text: expect.stringContaining('too deep') }]);
  });
});

describe('images and documents as URLs', () => {
  it('are left for the gateway to fetch, with the path of the URL', () => {
    const content = [
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { type: 'document', title: 'B', source: { type: 'url', url: 'https://example.com/b.pdf' } },
    ];
    const { conversation } = runAtOnce(
      anthropicMessages.parseRequest(
        { model: 'm', max_tokens: 1, messages: [{ role: 'user', content }] },
        { header: () => undefined, nowMs: 0 },
      ),
    );
    const at = (i: number) => `messages[0].content[${i}].source.url`;
    expect(conversation.turns[0]?.parts).toMatchObject([
      { type: 'document', mediaType: 'image/*', source: { type: 'url', url: 'https://example.com/a.png', at: at(0) } },
      { type: 'document', name: 'B', source: { type: 'url', url: 'https://example.com/b.pdf', at: at(1) } },
    ]);
  });
});
