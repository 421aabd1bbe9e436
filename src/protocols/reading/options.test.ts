/** Conflicting options and fields: one applies, and a note names the other. */

import { describe, expect, it } from 'vitest';
import { runAtOnce } from '../../core/steps.ts';
import { anthropicMessages, openaiChat, openaiResponses } from '../index.ts';
import type { ParsedRequest } from '../protocol.ts';

const CONTEXT = { header: () => undefined, nowMs: 0 };
const HI = [{ role: 'user', content: 'hi' }];
const APIS = {
  chat: (fields: object) => runAtOnce(openaiChat.parseRequest({ model: 'm', messages: HI, ...fields }, CONTEXT)),
  responses: (fields: object) => runAtOnce(openaiResponses.parseRequest({ model: 'm', input: HI, ...fields }, CONTEXT)),
  messages: (fields: object) =>
    runAtOnce(anthropicMessages.parseRequest({ model: 'm', max_tokens: 9, messages: HI, ...fields }, CONTEXT)),
};
type ApiName = keyof typeof APIS;
const NAMES = Object.keys(APIS) as ApiName[];

function ignoredBy({ adjustments }: ParsedRequest): readonly string[] {
  return adjustments.filter(({ rule }) => rule === 'parameter-ignored').map(({ path }) => path);
}

describe('reasoning options that contradict each other', () => {
  const cases: readonly (readonly [ApiName, object, object, readonly string[]])[] = [
    ['chat', { reasoning_effort: 'low', reasoning: { effort: 'high' } }, { effort: 'low' }, ['reasoning']],
    ['responses', { reasoning_effort: 'low', reasoning: { effort: 'high' } }, { effort: 'high' }, ['reasoning_effort']],
    ['chat', { reasoning_effort: 'high', thinking: { type: 'disabled' } }, { mode: 'on' }, ['thinking']],
    ['messages', { reasoning_effort: 'high', thinking: { type: 'disabled' } }, { mode: 'off' }, ['reasoning_effort']],
    ['chat', { thinking: { type: 'enabled' }, enable_thinking: false }, { mode: 'on' }, ['enable_thinking']],
    ['messages', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, { effort: 'high' }, []],
    [
      'messages',
      { thinking: { type: 'enabled', budget_tokens: 2_000 }, reasoning_effort: 'low' },
      { effort: 'low' },
      [],
    ],
  ];
  it.each(cases)('at %s: %j is read as %j', (api, fields, reasoning, ignored) => {
    const parsed = APIS[api](fields);
    expect(parsed.conversation.reasoning).toMatchObject(reasoning);
    expect(ignoredBy(parsed)).toEqual(ignored);
  });
});

describe('a conversation in two fields', () => {
  it.each([
    ['chat', 'prompt', { prompt: 'And this?' }],
    ['chat', 'input', { input: 'And this?' }],
    ['messages', 'prompt', { prompt: 'And this?' }],
    ['responses', 'messages', { messages: HI }],
  ] as const)('at %s is refused: %s', (api, param, fields) => {
    expect(() => APIS[api](fields)).toThrow(expect.objectContaining({ param }));
  });
});

describe('an option without effect', () => {
  const tools = [{ type: 'function', name: 'look', parameters: { type: 'object' } }];
  it.each(NAMES)('at %s: a function_call next to a tool_choice', (api) => {
    expect(ignoredBy(APIS[api]({ tools, tool_choice: 'auto', function_call: { name: 'look' } }))).toEqual([
      'function_call',
    ]);
  });

  it.each(NAMES)('at %s: the location and context size of a web search', (api) => {
    const search = { type: 'web_search', search_context_size: 'high', user_location: { country: 'DE' } };
    expect(ignoredBy(APIS[api]({ tools: [search] }))).toEqual([
      'tools[0].user_location',
      'tools[0].search_context_size',
    ]);
    expect(ignoredBy(APIS[api]({ web_search_options: { search_context_size: 'low' } }))).toEqual([
      'web_search_options.search_context_size',
    ]);
  });

  it('is a string where another dialect has an object', () => {
    expect(ignoredBy(APIS.chat({ output_config: 'high', text: 'json' }))).toEqual(['output_config', 'text']);
  });
});

describe('a tool choice that allows some tools', () => {
  const look = { type: 'function', name: 'look', parameters: { type: 'object' } };
  const allowing = (mode: string, ...tools: object[]) => ({
    tools: [look, { type: 'web_search' }],
    tool_choice: { type: 'allowed_tools', mode, tools },
  });

  it.each(NAMES)('at %s does not allow a web search that it does not name', (api) => {
    const { tools, webSearch } = APIS[api](allowing('auto', { type: 'function', name: 'look' })).conversation;
    expect(tools).toMatchObject([{ name: 'look' }]);
    expect(webSearch).toBeUndefined();
  });

  it.each(NAMES)('at %s allows only the web search that it names', (api) => {
    const { tools, webSearch, toolChoice } = APIS[api](allowing('required', { type: 'web_search' })).conversation;
    expect(tools).toEqual([]);
    expect(webSearch).toMatchObject({ isRequired: true });
    expect(toolChoice).toEqual({ type: 'auto' });
  });
});

describe('instructions that are a list of messages', () => {
  it('are system text', () => {
    const content = [{ type: 'input_text', text: 'Be brief.' }, 'Be kind.'];
    const instructions = [
      { role: 'developer', content },
      { role: 'developer', content: 'Be quick.' },
    ];
    const { system } = APIS.responses({ instructions }).conversation;
    expect(system.map(({ text }) => text)).toEqual(['Be brief.', 'Be kind.', 'Be quick.']);
  });

  it.each(NAMES)('at %s are rejected if they contain an image, which would be lost', (api) => {
    const image = { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' };
    expect(() => APIS[api]({ instructions: [{ role: 'user', content: [image] }] })).toThrow(
      expect.objectContaining({ param: 'instructions[0].content[0]' }),
    );
  });
});
