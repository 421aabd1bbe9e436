/** Web search through each protocol: official clients, the gateway, and the service's search in the simulator. */
import Anthropic from '@anthropic-ai/sdk';
import { OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import type { ReplyStep, Script } from '../src/simulator/script.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const MODEL = 'claude-sonnet-4.5';
const QUESTION = { role: 'user' as const, content: 'What is smithy?' };
const SEARCH = { type: 'web_search_20250305' as const, name: 'web_search' as const };
const LINK = '[an IDL](https://example.com/smithy/1)';

const call = (query: string): ReplyStep => ({ tool: 'web_search', input: { query } });

/** Searches once, and answers with the results. */
const SCRIPT: Script = {
  replies: [
    { when: { toolResults: false, text: 'smithy' }, steps: ['Let me look 🔎. ', call('smithy')] },
    { when: { toolResults: true }, steps: ['It is ', LINK, ', they say.'] },
    { steps: ['You are welcome.'] },
  ],
};

function anthropic(gateway: TestGateway): Anthropic {
  return new Anthropic({ apiKey: gateway.apiKey, baseURL: gateway.url, maxRetries: 0 });
}

function openai(gateway: TestGateway): OpenAI {
  return new OpenAI({ apiKey: gateway.apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
}

/** The upstream requests since the last call. */
function chatsOf(gateway: TestGateway): string[] {
  const chats: string[] = [];
  for (let raw = gateway.takeChatRequest(() => true); raw; raw = gateway.takeChatRequest(() => true)) chats.push(raw);
  return chats;
}

function searchesOf({ simulator }: TestGateway): string[] {
  return simulator.requests.flatMap(({ rawBody }) => {
    if (!rawBody.includes('"tools/call"')) return [];
    const { params } = JSON.parse(rawBody);
    return [params.arguments.query];
  });
}

describe('a service that', () => {
  const ask = { model: MODEL, max_tokens: 1000, messages: [QUESTION], tools: [SEARCH] };
  const rpcOf = ({ simulator }: TestGateway) =>
    simulator.requests.flatMap(({ path, operation, rawBody }) =>
      operation === 'InvokeMCP' ? [`${path} ${JSON.parse(rawBody).method}`] : [],
    );

  it.each([
    ['serves InvokeMCP only as JSON', { webSearch: 'json' }, ['/ tools/call', '/ tools/call']],
    ['serves it only at its own path', { webSearch: 'rest' }, ['/ tools/call', '/mcp tools/call', '/mcp tools/call']],
    ['refuses to list tools', { listsTools: false }, ['/ tools/call', '/ tools/call']],
  ] as const)('%s is searched, and what works is remembered', async (_what, service, calls) => {
    await using gateway = await startTestGateway({ script: { ...SCRIPT, service } });
    for (const _time of [1, 2]) {
      const { content } = await anthropic(gateway).messages.create(ask);
      expect(content[2]).toMatchObject({ type: 'web_search_tool_result', content: expect.any(Array) });
    }
    expect(rpcOf(gateway)).toEqual(calls);
  });
});

describe('Messages', () => {
  const ask = { model: MODEL, max_tokens: 1000, messages: [QUESTION], tools: [SEARCH] };

  it('shows the search, its results and the cited page, streamed or not', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT });
    const { data: whole, response } = await anthropic(gateway).messages.create(ask).withResponse();
    expect(response.headers.get('x-dragoman-adjustments')).toContain('web-search-emulated@tools[0]');
    const [text, use, found, answer] = whole.content;
    const id = expect.stringMatching(/^srvtoolu_[0-9a-f]{24}$/);
    expect(whole.content).toHaveLength(4);
    expect(text).toMatchObject({ type: 'text', text: 'Let me look 🔎. ' });
    expect(use).toMatchObject({ type: 'server_tool_use', id, name: 'web_search', input: { query: 'smithy' } });
    expect(found).toMatchObject({ type: 'web_search_tool_result', tool_use_id: id });
    expect(found).toMatchObject({
      content: [1, 2, 3].map((place) => ({
        type: 'web_search_result',
        url: `https://example.com/smithy/${place}`,
        encrypted_content: expect.any(String),
        page_age: expect.stringMatching(/^\w+ \d+, \d{4}$/),
      })),
    });
    expect(answer).toMatchObject({ type: 'text', text: `It is ${LINK}, they say.` });
    expect(answer).toMatchObject({
      citations: [{ type: 'web_search_result_location', url: 'https://example.com/smithy/1' }],
    });
    expect(whole).toMatchObject({ stop_reason: 'end_turn', usage: { server_tool_use: { web_search_requests: 1 } } });

    const streamed = await anthropic(gateway).messages.stream(ask).finalMessage();
    expect(streamed.content.map(withoutIds)).toEqual(whole.content.map(withoutIds));
    expect(streamed.stop_reason).toBe('end_turn');
    expect(streamed.usage.server_tool_use).toEqual(whole.usage.server_tool_use);
    expect(searchesOf(gateway)).toEqual(['smithy', 'smithy']);
  });

  it('begins the next upstream request with the bytes of this one, including the search', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT });
    const { content } = await anthropic(gateway).messages.create(ask);
    const [first = '', second = ''] = chatsOf(gateway);
    await anthropic(gateway).messages.create({
      ...ask,
      messages: [QUESTION, { role: 'assistant', content }, { role: 'user', content: 'Thanks.' }],
    });
    const [third = ''] = chatsOf(gateway);
    expect(second.startsWith(upToCurrent(first))).toBe(true);
    expect(withoutTurnId(third).startsWith(withoutTurnId(upToCurrent(second)))).toBe(true);
    const results = resultsOf(second);
    expect(results).toContain('https://example.com/smithy/1');
    expect(third).toContain(JSON.stringify(results).slice(1, -1));
  });

  it('enforces the number of searches, and ends if the model exceeds it', async () => {
    const script = { replies: [{ steps: ['Again. ', call('more')] }] };
    await using gateway = await startTestGateway({ script });
    const { content, stop_reason } = await anthropic(gateway).messages.create({
      ...ask,
      tools: [{ ...SEARCH, max_uses: 2 }],
    });
    const outcomes = content.flatMap((block) => (block.type === 'web_search_tool_result' ? [block.content] : []));
    const exceeded = { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' };
    expect(outcomes).toEqual([expect.any(Array), expect.any(Array), exceeded, exceeded]);
    expect(stop_reason).toBe('end_turn');
    expect(searchesOf(gateway)).toEqual(['more', 'more']);
    expect(chatsOf(gateway)).toHaveLength(4);
  });

  it.each([
    [
      'allowed',
      { allowed_domains: ['docs.example', 'b.example/guide'] },
      ['https://www.docs.example/', 'https://b.example/guide/1'],
    ],
    [
      'not blocked',
      { blocked_domains: ['docs.example'] },
      ['https://b.example/guide/1', 'https://b.example/', 'https://notdocs.example/'],
    ],
  ])('shows the model and the client only results that are %s', async (_which, domains, expected) => {
    const urls = [
      'https://www.docs.example/',
      'https://b.example/guide/1',
      'https://b.example/',
      'https://notdocs.example/',
    ];
    const results = urls.map((url) => ({ url, title: url, snippet: 'x' }));
    await using gateway = await startTestGateway({ script: { ...SCRIPT, searches: [{ results }] } });
    const { content } = await anthropic(gateway).messages.create({ ...ask, tools: [{ ...SEARCH, ...domains }] });
    const found = content.find(({ type }) => type === 'web_search_tool_result');
    expect(found).toMatchObject({ content: expected.map((url) => ({ url })) });
    const [, second = ''] = chatsOf(gateway);
    for (const url of urls) expect(resultsOf(second).includes(`${url}\n`)).toBe(expected.includes(url));
  });

  it.each([
    ['throttled', [{ refuse: { status: 429, name: 'ThrottlingException' } }], 'too_many_requests'],
    ['broken', [{ refuse: { status: 500, name: 'InternalServerException' } }], 'unavailable'],
  ])('continues without a search that is %s', async (_how, searches, error_code) => {
    await using gateway = await startTestGateway({ script: { ...SCRIPT, searches } });
    const { content, stop_reason } = await anthropic(gateway).messages.create(ask);
    expect(content[2]).toMatchObject({ content: { type: 'web_search_tool_result_error', error_code } });
    expect(content[3]).toMatchObject({ type: 'text' });
    expect(stop_reason).toBe('end_turn');
  });

  it('answers a call without a query with an error result', async () => {
    const replies = [
      { when: { toolResults: false }, steps: [{ tool: 'web_search', input: { q: 1 } }] },
      { steps: ['Sorry.'] },
    ];
    await using gateway = await startTestGateway({ script: { replies } });
    const { content } = await anthropic(gateway).messages.create(ask);
    expect(content[1]).toMatchObject({ content: { error_code: 'invalid_tool_input' } });
    expect(searchesOf(gateway)).toEqual([]);
  });

  it('offers no search to an account once the service has refused one, with a note', async () => {
    await using gateway = await startTestGateway({ script: { ...SCRIPT, searches: false } });
    const first = await anthropic(gateway).messages.create(ask);
    expect(first.content[2]).toMatchObject({ content: { error_code: 'unavailable' } });
    expect(chatsOf(gateway)[0]).toContain('web_search');
    const { response } = await anthropic(gateway).messages.create(ask).withResponse();
    expect(response.headers.get('x-dragoman-adjustments')).toContain('web-search-unavailable@tools[0]');
    expect(chatsOf(gateway)[0]).not.toContain('Searches the web');
  });

  it('shortens a query to the limit of the service, with a note', async () => {
    const query = 'long '.repeat(80);
    const replies = [{ when: { toolResults: false }, steps: [call(query)] }, { steps: ['Done.'] }];
    await using gateway = await startTestGateway({ script: { replies } });
    const { data, response } = await anthropic(gateway).messages.create(ask).withResponse();
    expect(data.content[0]).toMatchObject({ type: 'server_tool_use', input: { query } });
    expect(response.headers.get('x-dragoman-adjustments')).toContain('web-search-query-shortened@tools[0]');
    expect(searchesOf(gateway)).toEqual([query.slice(0, 199)]);
  });

  it('does not search if that is switched off', async () => {
    const script = { replies: [{ steps: ['No.'] }] };
    await using gateway = await startTestGateway({ script, env: { DRAGOMAN_WEB_SEARCH: 'no' } });
    const { response } = await anthropic(gateway).messages.create(ask).withResponse();
    expect(response.headers.get('x-dragoman-adjustments')).toContain('web-search-unavailable@tools[0]');
    expect(gateway.simulator.requests.some(({ path }) => path === '/mcp')).toBe(false);
  });

  it("leaves the client's own calls to the client, and accepts both in the next turn", async () => {
    const own = {
      name: 'read_file',
      input_schema: { type: 'object' as const, properties: { path: { type: 'string' } } },
    };
    const replies = [
      {
        when: { toolResults: false },
        steps: [call('smithy'), { tool: 'read_file', id: 'tooluse_own', input: { path: 'a' } }],
      },
      { steps: ['Both read.'] },
    ];
    await using gateway = await startTestGateway({ script: { replies } });
    const tools = [own, SEARCH];
    const { content, stop_reason } = await anthropic(gateway).messages.create({ ...ask, tools });
    expect(content.map(({ type }) => type)).toEqual(['server_tool_use', 'web_search_tool_result', 'tool_use']);
    expect(stop_reason).toBe('tool_use');
    const result = { type: 'tool_result' as const, tool_use_id: 'tooluse_own', content: 'file a' };
    const messages = [QUESTION, { role: 'assistant' as const, content }, { role: 'user' as const, content: [result] }];
    const last = await anthropic(gateway).messages.create({ ...ask, tools, messages });
    expect(last.content).toMatchObject([{ text: 'Both read.' }]);
    const [, second = ''] = chatsOf(gateway);
    expect(second).toContain('https://example.com/smithy/1');
    expect(second).toContain('file a');
  });

  it('ends with an error if the second reply breaks', async () => {
    const replies = [
      { when: { toolResults: false }, steps: [call('smithy')] },
      { steps: ['It is', { cut: 'reset' as const }] },
    ];
    await using gateway = await startTestGateway({ script: { replies } });
    await expect(anthropic(gateway).messages.stream(ask).finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError);
  });

  it('counts max_tokens over the whole answer', async () => {
    const replies = [
      { when: { toolResults: false }, steps: ['one two three four five six. ', call('smithy')] },
      { steps: ['seven eight nine ten eleven twelve thirteen fourteen fifteen'] },
    ];
    await using gateway = await startTestGateway({ script: { replies } });
    const { content, stop_reason } = await anthropic(gateway).messages.create({ ...ask, max_tokens: 12 });
    expect(stop_reason).toBe('max_tokens');
    const words = content.flatMap((block) => (block.type === 'text' ? block.text.trim().split(' ') : []));
    expect(words.length).toBeGreaterThan(6);
    expect(words.length).toBeLessThanOrEqual(12);
  });

  it('forces a search that the client requires', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT });
    await anthropic(gateway).messages.create({ ...ask, tool_choice: { type: 'tool', name: 'web_search' } });
    expect(chatsOf(gateway)[0]).toContain('Search the web with web_search before you answer.');
  });

  const own = { name: 'read_file', input_schema: { type: 'object' as const } };
  it.each([
    ['any of several tools', { type: 'any' as const }, [own, SEARCH]],
    ['the only tool', { type: 'any' as const }, [SEARCH]],
  ])('takes a search for the call that the client requires of %s', async (_which, tool_choice, tools) => {
    await using gateway = await startTestGateway({ script: SCRIPT });
    const { content } = await anthropic(gateway).messages.create({ ...ask, tools, tool_choice });
    expect(content.map(({ type }) => type)).toEqual(['text', 'server_tool_use', 'web_search_tool_result', 'text']);
    expect(chatsOf(gateway)).toHaveLength(2);
  });

  it('does not take a search for the call of a tool that the client names', async () => {
    const replies = [...SCRIPT.replies.slice(0, 2), { steps: [{ tool: 'read_file', input: {} }] }];
    await using gateway = await startTestGateway({ script: { replies } });
    const tool_choice = { type: 'tool' as const, name: 'read_file' };
    const { data, response } = await anthropic(gateway)
      .messages.create({ ...ask, tools: [own, SEARCH], tool_choice, messages: [{ role: 'user', content: 'smithy' }] })
      .withResponse();
    expect(response.headers.get('x-dragoman-adjustments')).toContain('tool-choice-retried');
    expect(data.content).toMatchObject([{ type: 'tool_use', name: 'read_file' }]);
  });

  it('finds the JSON that the client wants behind the last search, and keeps the searches', async () => {
    const replies = [
      { when: { toolResults: false }, steps: ['Let me look. ', call('smithy')] },
      { steps: ['{"what":"an IDL"}'] },
    ];
    await using gateway = await startTestGateway({ script: { replies } });
    const schema = { type: 'object', properties: { what: { type: 'string' } }, required: ['what'] };
    const output_config = { format: { type: 'json_schema' as const, schema } };
    const { data, response } = await anthropic(gateway)
      .messages.create({ ...ask, output_config })
      .withResponse();
    expect(data.content).toMatchObject([
      { type: 'server_tool_use' },
      { type: 'web_search_tool_result' },
      { type: 'text', text: '{"what":"an IDL"}' },
    ]);
    expect(response.headers.get('x-dragoman-adjustments')).toContain('json-words-dropped');
    expect(chatsOf(gateway)).toHaveLength(2);
  });
});

describe('Chat Completions', () => {
  it('cites pages at their position in the text, streamed or not', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT });
    const ask = { model: MODEL, messages: [QUESTION], web_search_options: {} };
    const whole = await openai(gateway).chat.completions.create(ask);
    const streamed = await openai(gateway).chat.completions.stream(ask).finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      const { content, annotations } = choices[0]?.message ?? {};
      expect(content).toBe(`Let me look 🔎. It is ${LINK}, they say.`);
      const [cited] = annotations ?? [];
      expect(annotations).toHaveLength(1);
      const { url, start_index, end_index } = cited?.url_citation ?? expect.fail('nothing is cited');
      expect(url).toBe('https://example.com/smithy/1');
      expect([...(content ?? '')].slice(start_index, end_index).join('')).toBe(LINK);
      expect(choices[0]?.finish_reason).toBe('stop');
    }
  });

  it('does not search without a request for it, or if tools are forbidden', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps: ['Fine.'] }] } });
    const ask = { model: MODEL, messages: [QUESTION] };
    await openai(gateway).chat.completions.create(ask);
    await openai(gateway).chat.completions.create({ ...ask, web_search_options: {}, tool_choice: 'none' });
    for (const chat of chatsOf(gateway)) expect(chat).not.toContain('web_search');
  });

  it("keeps the client's own tool of the same name", async () => {
    const own = { type: 'function' as const, function: { name: 'web_search', parameters: { type: 'object' } } };
    const replies = [{ steps: [{ tool: 'web_search', input: { query: 'mine' } }] }];
    await using gateway = await startTestGateway({ script: { replies } });
    const ask = { model: MODEL, messages: [QUESTION], web_search_options: {}, tools: [own] };
    const { choices } = await openai(gateway).chat.completions.create(ask);
    expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'web_search' } }]);
    expect(chatsOf(gateway)[0]).toContain('"name":"web_search_2"');
    expect(searchesOf(gateway)).toEqual([]);
  });
});

describe('Responses', () => {
  it('streams the search while it runs, and cites pages', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT });
    const ask = { model: MODEL, input: 'What is smithy?', tools: [{ type: 'web_search' as const }] };
    const types: string[] = [];
    const stream = openai(gateway).responses.stream(ask);
    stream.on('event', ({ type }) => void types.push(type));
    const { output, output_text } = await stream.finalResponse();
    expect(output.map(({ type }) => type)).toEqual(['message', 'web_search_call', 'message']);
    expect(output[1]).toMatchObject({ status: 'completed', action: { type: 'search', query: 'smithy' } });
    expect(types.filter((type) => type.includes('web_search'))).toEqual([
      'response.web_search_call.in_progress',
      'response.web_search_call.searching',
      'response.web_search_call.completed',
    ]);
    expect(output_text).toBe(`Let me look 🔎. It is ${LINK}, they say.`);
    const part = output[2]?.type === 'message' ? output[2].content[0] : undefined;
    expect(part).toMatchObject({
      annotations: [
        { type: 'url_citation', url: 'https://example.com/smithy/1', start_index: 6, end_index: 6 + LINK.length },
      ],
    });
  });
});

/** The model's ids differ from call to call. */
function withoutIds(block: object): object {
  return { ...block, id: '', tool_use_id: '' };
}

function upToCurrent(body: string): string {
  return body.slice(0, body.indexOf('"currentMessage":')).replace(/\],$/, '');
}

/** Each user turn has its own continuation id. */
function withoutTurnId(body: string): string {
  return body.replace(/"agentContinuationId":"[^"]+",/, '');
}

/** The text of the tool results in the message to answer. */
function resultsOf(body: string): string {
  const { userInputMessageContext } = JSON.parse(body).conversationState.currentMessage.userInputMessage;
  return userInputMessageContext.toolResults[0].content[0].text;
}
