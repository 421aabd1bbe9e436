/** Histories that mix all dialects, with malformed parts, lose no text and no image and are never rejected. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import { runAtOnce } from '../../core/steps.ts';
import { anthropicMessages, openaiChat, openaiResponses } from '../index.ts';

const CONTEXT = { header: () => undefined, nowMs: 0 };
const APIS = [
  [
    'chat',
    (entries: unknown[], more: object) =>
      runAtOnce(openaiChat.parseRequest({ model: 'm', messages: entries, ...more }, CONTEXT)),
  ],
  [
    'responses',
    (entries: unknown[], more: object) =>
      runAtOnce(openaiResponses.parseRequest({ model: 'm', input: entries, ...more }, CONTEXT)),
  ],
  [
    'messages',
    (entries: unknown[], more: object) =>
      runAtOnce(anthropicMessages.parseRequest({ model: 'm', max_tokens: 9, messages: entries, ...more }, CONTEXT)),
  ],
] as const;

/** A unique word, and an image with unique bytes. */
const word = fc.nat({ max: 99_999 }).map((n) => `word-${n}`);
const image = fc
  .nat({ max: 99_999 })
  .map((n) => `iVBORw0KGgoA${Buffer.from(`image-${n}`.padEnd(24)).toString('base64')}`);

interface Planted {
  readonly entries: readonly object[];
  readonly words: readonly string[];
  readonly images: readonly string[];
}

const textBlock = word.chain((text) =>
  fc
    .constantFrom<object>(
      { type: 'text', text },
      { type: 'input_text', text },
      { type: 'output_text', text },
      { text },
      { type: 'novelty', inner: { text } },
    )
    .map((block) => ({ block, words: [text], images: [] as string[] })),
);
const imageBlock = image.chain((data) => {
  const url = `data:image/png;base64,${data}`;
  return fc
    .constantFrom<object>(
      { type: 'image_url', image_url: { url } },
      { type: 'input_image', image_url: url },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
      { type: 'image', data, mimeType: 'image/png' },
      { type: 'image', image: url },
      { inlineData: { mimeType: 'image/png', data } },
      { type: 'novelty', holds: { mimeType: 'image/png', data } },
    )
    .map((block) => ({ block, words: [] as string[], images: [data] }));
});
const oddBlock = fc
  .constantFrom<unknown>(
    null,
    5,
    {},
    { type: 'text', text: null },
    { type: 'text' },
    { type: 'thinking' },
    { type: 'redacted_thinking' },
    { type: 'image' },
    { type: 'input_audio' },
  )
  .map((block) => ({ block, words: [] as string[], images: [] as string[] }));
const blocks = fc.array(fc.oneof({ weight: 4, arbitrary: textBlock }, { weight: 3, arbitrary: imageBlock }, oddBlock), {
  minLength: 1,
  maxLength: 4,
});

const user = blocks.map(
  (parts): Planted => ({
    entries: [{ role: 'user', content: parts.map(({ block }) => block) }],
    words: parts.flatMap(({ words }) => words),
    images: parts.flatMap(({ images }) => images),
  }),
);

/** A call and its result, each in its own dialect. */
const round = fc
  .record({ id: fc.uuid(), argument: word, result: blocks, call: fc.nat({ max: 4 }), answer: fc.nat({ max: 3 }) })
  .map(({ id, argument, result, call, answer }): Planted => {
    const input = { path: argument };
    const json = JSON.stringify(input);
    const content = result.map(({ block }) => block);
    const calls: object[] = [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id, type: 'function', function: { name: 'read', arguments: json } }],
      },
      { role: 'assistant', tool_calls: [{ id, function: { name: 'read', arguments: input } }] },
      { role: 'assistant', content: [{ type: 'tool_use', id, name: 'read', input: json }] },
      { type: 'function_call', call_id: id, name: 'read', arguments: json },
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: id, toolName: 'read', input }] },
    ];
    const answers: object[] = [
      { role: 'tool', tool_call_id: id, content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] },
      { type: 'function_call_output', call_id: id, output: content },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: id, toolName: 'read', output: { type: 'content', value: content } },
        ],
      },
    ];
    return {
      entries: [calls[call] ?? {}, answers[answer] ?? {}],
      words: [argument, ...result.flatMap(({ words }) => words)],
      images: result.flatMap(({ images }) => images),
    };
  });

const tools = fc.subarray([
  { type: 'function', function: { name: 'read', parameters: {} } },
  { name: 'write', input_schema: {} },
  { name: 'list', inputSchema: {} },
  { type: 'custom', name: 'patch' },
  { type: 'namespace', name: 'empty' },
  {},
  null,
]);

/** Text and images as the model receives them. */
function contentOf({ turns }: Conversation) {
  const parts = turns.flatMap(({ parts }) => parts);
  const flat = parts.flatMap((part) => (part.type === 'tool-result' ? part.content : part));
  const texts = flat.flatMap((part) =>
    part.type === 'text' ? part.text : 'input' in part ? JSON.stringify(part.input) : [],
  );
  const images = flat.flatMap((part) => (part.type === 'image' ? part.attachment.base64 : []));
  return { text: texts.join('\n'), images };
}

/** A value of 20,000 levels, each wrapped by `wrap`. */
function deep(wrap: (inner: unknown) => unknown, core: unknown): unknown {
  let value = core;
  for (let i = 0; i < 20_000; i++) value = wrap(value);
  return value;
}

describe('values nested too deep', () => {
  const lists = deep((inner) => [inner], 1);
  const documents = deep((inner) => [{ type: 'document', source: { type: 'content', content: inner } }], 'x');
  const rows: readonly (readonly [string, unknown[], object])[] = [
    ['documents in documents', [{ role: 'assistant', content: documents }], {}],
    [
      'search results',
      [{ role: 'assistant', content: deep((inner) => [{ type: 'search_result', content: inner }], 'x') }],
      {},
    ],
    ['results', [{ role: 'tool', tool_call_id: 'c', content: documents }], {}],
    ['MCP results', [{ role: 'tool', content: deep((content) => ({ content: [content] }), 'x') }], {}],
    [
      'reasoning',
      [{ role: 'assistant', content: 'x', reasoning_content: lists, reasoning_details: [{ text: lists }] }],
      {},
    ],
    ['thinking', [{ role: 'assistant', content: [{ type: 'thinking', thinking: lists }] }], {}],
    ['arguments', [{ role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: lists } }] }], {}],
    ['actions', [{ type: 'local_shell_call', call_id: 'c', action: { command: lists } }], {}],
    ['patches', [{ type: 'apply_patch_call', call_id: 'c', operation: { diff: lists } }], {}],
    ['searched arguments', [{ type: 'tool_search_call', call_id: 'c', arguments: { query: lists } }], {}],
    ['shell outputs', [{ type: 'shell_call_output', call_id: 'c', output: [{ stdout: lists }] }], {}],
    [
      'found tools',
      [
        {
          type: 'tool_search_output',
          call_id: 'c',
          tools: deep((inner) => [{ type: 'namespace', name: 'n', tools: inner }], []),
        },
      ],
      {},
    ],
    ['unknown items', [{ type: 'novelty', inner: lists }], {}],
    ['instructions', [], { instructions: [{ role: 'system', content: lists }] }],
    ['schemas', [], { tools: [{ name: 'f', input_schema: { items: lists } }] }],
    ['tools in tools', [], { tools: deep((inner) => [{ functionDeclarations: inner }], []) }],
    ['namespaces', [], { tools: deep((inner) => [{ type: 'namespace', name: 'n', tools: inner }], []) }],
    ['formats', [], { response_format: { type: 'json_schema', json_schema: { schema: { items: lists } } } }],
    ['choices', [], { tool_choice: deep((inner) => ({ function: inner }), 'f') }],
  ];
  it.each(APIS.flatMap(([api, parse]) => rows.map((row) => [api, row[0], parse, row] as const)))(
    'at %s in %s end in an answer or a refusal',
    (_api, _name, parse, [, entries, fields]) => {
      const question = { role: 'user', content: 'hi' };
      const history = [question, ...entries, { role: 'assistant', content: 'ok' }, question];
      let result: unknown;
      try {
        // The upstream's passes walk the conversation, and print it.
        result = JSON.stringify(parse(history, fields).conversation);
      } catch (error) {
        result = error;
      }
      if (typeof result === 'string') expect(result).toContain('"ok"');
      else expect(result).toBeInstanceOf(GatewayError);
    },
  );
});

describe('a mixture of dialects', () => {
  it.each(APIS)('at %s keeps every word and image', (_api, parse) => {
    fc.assert(
      fc.property(fc.array(fc.oneof(user, round), { minLength: 1, maxLength: 6 }), tools, (planted, declared) => {
        const entries = [
          { role: 'user', content: 'begin' },
          ...planted.flatMap((part) => part.entries),
          { role: 'assistant', content: 'ok' },
          { role: 'user', content: 'go on' },
        ];
        const { text, images } = contentOf(parse(entries, { tools: declared }).conversation);
        for (const { words } of planted) for (const each of words) expect(text).toContain(each);
        expect(images.toSorted()).toEqual(planted.flatMap((part) => part.images).toSorted());
        expect(text).not.toContain('iVBORw0KGgo');
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
