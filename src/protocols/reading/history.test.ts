/** Results that are data, and malformed parts of a history, keep their content in every API. */

import { describe, expect, it } from 'vitest';
import type { Part } from '../../core/conversation.ts';
import { runAtOnce } from '../../core/steps.ts';
import { anthropicMessages, openaiChat, openaiResponses } from '../index.ts';
import type { ParsedRequest } from '../protocol.ts';

const CONTEXT = { header: () => undefined, nowMs: 0 };
const APIS = {
  chat: (messages: unknown) => runAtOnce(openaiChat.parseRequest({ model: 'm', messages }, CONTEXT)),
  responses: (input: unknown) => runAtOnce(openaiResponses.parseRequest({ model: 'm', input }, CONTEXT)),
  messages: (messages: unknown) =>
    runAtOnce(anthropicMessages.parseRequest({ model: 'm', max_tokens: 9, messages }, CONTEXT)),
};
type ApiName = keyof typeof APIS;
const NAMES = Object.keys(APIS) as ApiName[];

const HI = { role: 'user', content: 'hi' };
const CALL = { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'look', arguments: '{}' } }] };
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const partsOf = ({ conversation }: ParsedRequest): readonly Part[] => conversation.turns.flatMap(({ parts }) => parts);
const rulesOf = ({ adjustments }: ParsedRequest) => adjustments.map(({ rule }) => rule);

/** Every row for every API. */
function everywhere<T>(rows: readonly T[]): (readonly [ApiName, T])[] {
  return NAMES.flatMap((api) => rows.map((row) => [api, row] as const));
}

/** The part that the result of a call becomes. */
function resultOf(api: ApiName, content: unknown, fields: object = {}): Part | undefined {
  return partsOf(APIS[api]([HI, CALL, { role: 'tool', tool_call_id: 'c', content, ...fields }]))[2];
}

describe('JSON in the result of a tool', () => {
  const values: readonly unknown[] = [
    { id: 'TICKET-1', type: 'bug', signature: 'by hand' },
    { id: 7, tags: [], owner: null, note: '' },
    { text: 'words', author: 'Ann' },
    { type: 'comment', text: 'words', author: 'Ann' },
    { type: 'document', title: 'a title', body: 'the body' },
    { type: 'text', value: 'not a text block' },
    { content: ['a'], total: 1 },
    [1, 2, [3]],
    [{ id: 1 }, { id: 2 }],
    [[{ name: 'nested' }]],
    [
      ['a', 1],
      ['b', true],
    ],
    {},
    JSON.parse('{"__proto__":{"a":1}}'),
  ];
  it.each(everywhere(values))('at %s is passed on unchanged: %j', (api, value) => {
    expect(resultOf(api, value)).toMatchObject({ content: [{ type: 'text', text: JSON.stringify(value) }] });
  });

  it.each(NAMES)('at %s is passed on unchanged from the AI SDK, Gemini and Responses', (api) => {
    const value = { id: 'TICKET-1', type: 'bug' };
    const results = [
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c', output: { type: 'json', value } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'look', response: value } }] },
      { type: 'function_call_output', call_id: 'c', output: value },
    ];
    for (const result of results) {
      const parts = partsOf(APIS[api]([HI, CALL, result]));
      expect(parts[2]).toMatchObject({ type: 'tool-result', content: [{ text: JSON.stringify(value) }] });
    }
  });

  it.each(NAMES)('at %s keeps its images as images', (api) => {
    expect(resultOf(api, { id: 'shot-1', picture: `data:image/png;base64,${PNG}` })).toMatchObject({
      content: [
        { type: 'text', text: '{"id":"shot-1"}' },
        { type: 'image', attachment: { base64: PNG } },
      ],
    });
  });

  it.each(NAMES)('at %s is cut where it is nested too deep', (api) => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`);
    expect(resultOf(api, { first: 'words', deep })).toMatchObject({
      content: [{ text: expect.stringMatching(/^\{"first":"words".*too deep, left out/) }],
    });
    const lists: unknown = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    expect(resultOf(api, lists)).toMatchObject({ content: [{ text: expect.stringContaining('too deep, left out') }] });
  });
});

describe('the result of an MCP server', () => {
  const pdf = Buffer.from('%PDF-1.7').toString('base64');
  it.each([
    ['file:///a/report.pdf', 'report.pdf'],
    ['report.pdf', 'report.pdf'],
    ['file:///a/', undefined],
    // Quadratic patterns would take hours.
    [`${'a'.repeat(1_000_000)}/`, undefined],
  ])('names a file by the last segment of its URI', (uri, name) => {
    const resource = { uri, mimeType: 'application/pdf', blob: pdf };
    expect(resultOf('chat', [{ type: 'resource', resource }])).toMatchObject({ content: [{ type: 'document', name }] });
  });

  it.each(NAMES)('at %s reports an error', (api) => {
    const result = { content: [{ type: 'text', text: 'no such file' }], isError: true };
    expect(resultOf(api, result)).toMatchObject({ isError: true, content: [{ text: 'no such file' }] });
  });

  it.each(NAMES)('at %s is its structured content if it has no other', (api) => {
    expect(resultOf(api, { content: [], structuredContent: { id: 5 } })).toMatchObject({
      content: [{ text: '{"id":5}' }],
    });
    expect(resultOf(api, { content: [{ type: 'text', text: '5' }], structuredContent: { id: 5 } })).toMatchObject({
      content: [{ text: '5' }],
    });
  });
});

describe('a malformed part of the history', () => {
  const odd: readonly (readonly [unknown, string])[] = [
    [{ content: 'without a role' }, 'without a role'],
    [{ role: null, content: 'a null role' }, 'a null role'],
    [{ role: 'assistant', content: [{ type: 'text', text: { value: 'in an object' } }] }, 'in an object'],
    [{ role: 'assistant', content: [['in a list']] }, 'in a list'],
    [{ role: 'assistant', content: [{ type: 'text', text: 5577 }] }, '5577'],
    [{ role: 'assistant', content: [5577] }, '5577'],
    [{ type: 'shell_call', call_id: 's', action: 'make all' }, 'make all'],
    [{ role: 'user', content: [{ type: 'input_audio', transcript: 'as it was said' }] }, 'as it was said'],
    [
      { role: 'assistant', content: [{ type: 'mcp_tool_use', id: 'm', name: 'find', input: { id: 'TICKET-1' } }] },
      'TICKET-1',
    ],
    [{ role: 'user', content: [{ type: 'comment', text: 'words', author: 'Ann' }] }, 'Ann'],
  ];
  it.each(everywhere(odd))('at %s keeps its text: %j', (api, [entry, words]) => {
    const parsed = APIS[api]([HI, entry, { role: 'assistant', content: 'ok' }, HI]);
    expect(JSON.stringify(partsOf(parsed))).toContain(words);
    expect(parsed.conversation.turns).toHaveLength(4);
  });

  it.each(NAMES)('at %s may be a role in another case', (api) => {
    const { conversation } = APIS[api]([HI, { role: 'Assistant', content: 'ok' }, { role: 'USER', content: 'go on' }]);
    expect(conversation.turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  it.each(NAMES)('at %s may be one tool call without a list', (api) => {
    const call = { id: 'c', function: { name: 'look', arguments: '{"at":"it"}' } };
    const parsed = APIS[api]([HI, { role: 'assistant', tool_calls: call }, { role: 'tool', tool_call_id: 'c' }]);
    expect(partsOf(parsed)[1]).toMatchObject({ type: 'tool-use', name: 'look', input: { at: 'it' } });
  });

  it.each(NAMES)('at %s is rejected in the current turn', (api) => {
    expect(() => APIS[api]([{ content: 'without a role' }])).toThrow(
      expect.objectContaining({ param: expect.stringMatching(/\[0\]\.role$/) }),
    );
    expect(() => APIS[api]([{ role: 'user', content: [5577] }])).toThrow(
      expect.objectContaining({ param: expect.stringMatching(/\[0\]\.content\[0\]$/) }),
    );
  });

  it.each(NAMES)('at %s that is null is empty', (api) => {
    const parsed = APIS[api]([HI, null, { role: 'assistant', content: [null, 'ok'] }, HI]);
    expect(partsOf(parsed)).toMatchObject([{ text: 'hi' }, { text: 'ok' }, { text: 'hi' }]);
    expect(rulesOf(parsed)).toEqual(['block-ignored', 'block-ignored']);
  });
});
