/**
 * Histories with odd parts: they reach the service with their meaning, and never end a session with a 400. Each is sent
 * through all three APIs, in the format of each.
 */
import { describe, expect, it } from 'vitest';
import { CHAT, type Endpoint, MESSAGES, RESPONSES, WAYS } from './endpoints.ts';
import { type Exchange, ReportBench } from './exchange.ts';

const SCHEMA = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const READ_FILE = { name: 'read_file', description: 'reads', schema: SCHEMA };
const ARGUMENTS = '{"path":"a"}';

const bench = new ReportBench({ script: { replies: [{ steps: ['Ok.'] }] } });

/** A body for each API; undefined: the API cannot express it. */
type ByEndpoint = Readonly<Partial<Record<Endpoint['name'], object>>>;

interface HistoryCase {
  readonly name: string;
  readonly bodies: ByEndpoint;
  expect(exchange: Exchange): void;
}

const chat = (...messages: readonly object[]) => ({ ...CHAT.body('x', [READ_FILE]), messages });
const responses = (...input: readonly object[]) => ({ ...RESPONSES.body('x', [READ_FILE]), input });
const messages = (...turns: readonly object[]) => ({ ...MESSAGES.body('x', [READ_FILE]), messages: turns });

const question = { role: 'user', content: 'x' };
const askedAgain = { role: 'user', content: 'y' };

const chatCall = (id: string, args: unknown = ARGUMENTS) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'read_file', arguments: args } }],
});
const chatResult = (id: string, content: unknown) => ({ role: 'tool', tool_call_id: id, content });
const item = (type: string, more: object) => ({ type, call_id: 'c1', ...more });
const functionCall = (args: unknown = ARGUMENTS) => item('function_call', { name: 'read_file', arguments: args });
const use = (input: unknown = { path: 'a' }) => ({
  role: 'assistant',
  content: [{ type: 'tool_use', id: 'c1', name: 'read_file', input }],
});
const result = (content: unknown, more: object = {}) => ({ type: 'tool_result', tool_use_id: 'c1', content, ...more });
const user = (...content: readonly object[]) => ({ role: 'user', content });
const assistant = (...content: readonly object[]) => ({ role: 'assistant', content });

/** Expects one call and one result with these texts in order. */
function expectOneResult(texts: readonly string[], status = 'success') {
  return ({ upstream: [sent] }: Exchange) => {
    expect(sent?.uses).toMatchObject([{ name: 'read_file', input: { path: 'a' } }]);
    expect(sent?.results).toMatchObject([{ toolUseId: sent?.uses[0]?.toolUseId, status }]);
    const words = JSON.stringify(sent?.results[0]?.content);
    const places = texts.map((text) => words.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  };
}

const CALLS: readonly HistoryCase[] = [
  {
    name: 'two outputs of one call become one result, in order',
    bodies: {
      chat: chat(question, chatCall('c1'), chatResult('c1', 'one'), chatResult('c1', 'two')),
      responses: responses(
        question,
        functionCall(),
        item('function_call_output', { output: 'one' }),
        item('function_call_output', { output: 'two' }),
      ),
      messages: messages(question, use(), user(result('one'), result('two'))),
    },
    expect: expectOneResult(['one', 'two']),
  },
  {
    name: 'two outputs of one call in separate messages become one result',
    bodies: { messages: messages(question, use(), user(result('one')), user(result([{ type: 'text', text: 'two' }]))) },
    expect: expectOneResult(['one', 'two']),
  },
  {
    name: 'a failed result says in its text that the call failed',
    bodies: {
      chat: chat(question, use(), user(result('ENOENT', { is_error: true }))),
      responses: responses(question, use(), user(result('ENOENT', { is_error: true }))),
      messages: messages(question, use(), user(result('ENOENT', { is_error: true }))),
    },
    expect(exchange) {
      expectOneResult(['ENOENT'], 'error')(exchange);
      const [sent] = exchange.upstream;
      expect(JSON.stringify(sent?.results[0]?.content)).toMatch(/fail|error/i);
    },
  },
  {
    name: 'a failed result with several texts says so too',
    bodies: {
      messages: messages(
        question,
        use(),
        user(
          result(
            [
              { type: 'text', text: 'one' },
              { type: 'text', text: 'two' },
            ],
            { is_error: true },
          ),
        ),
      ),
    },
    expect(exchange) {
      expectOneResult(['one', 'two'], 'error')(exchange);
      expect(JSON.stringify(exchange.upstream[0]?.results[0]?.content)).toMatch(/fail|error/i);
    },
  },
  {
    name: 'a successful result says nothing about failure',
    bodies: {
      chat: chat(question, chatCall('c1'), chatResult('c1', 'fine')),
      responses: responses(question, functionCall(), item('function_call_output', { output: 'fine' })),
      messages: messages(question, use(), user(result('fine', { is_error: false }))),
    },
    expect(exchange) {
      expectOneResult(['fine'])(exchange);
      expect(JSON.stringify(exchange.upstream[0]?.results[0]?.content)).not.toMatch(/fail|error/i);
    },
  },
  {
    name: 'arguments in the form of another API are arguments',
    bodies: {
      chat: chat(question, chatCall('c1', { path: 'a' }), chatResult('c1', 'r')),
      responses: responses(question, functionCall({ path: 'a' }), item('function_call_output', { output: 'r' })),
      messages: messages(question, use(ARGUMENTS), user(result('r'))),
    },
    expect: expectOneResult(['r']),
  },
];

const text = (words: unknown) => ({ type: 'text', text: words });

/** Blocks beside an assistant's "ok". */
const BLOCKS: readonly (readonly [name: string, block: object])[] = [
  ['thinking without its text', { type: 'thinking', signature: 's' }],
  ['thinking whose text is null', { type: 'thinking', thinking: null, signature: 's' }],
  ['redacted thinking without data', { type: 'redacted_thinking' }],
  ['redacted thinking whose data is null', { type: 'redacted_thinking', data: null }],
  ['text that is null', text(null)],
  ['text without its text', { type: 'text' }],
  ['a block of an unknown type', { type: 'brand_new_block', words: 'news' }],
];

/** Blocks beside the user's "hi". */
const USER_BLOCKS: readonly (readonly [name: string, block: object])[] = [
  ['text that is null', text(null)],
  ['input_text that is null', { type: 'input_text', text: null }],
  ['a block of an unknown type', { type: 'brand_new_block', words: 'news' }],
];

const OUTPUTS: readonly HistoryCase[] = [
  {
    name: 'reasoning as a list',
    bodies: {
      chat: chat(
        question,
        { role: 'assistant', content: 'ok', reasoning_content: [{ type: 'text', text: 'hm' }] },
        askedAgain,
      ),
    },
    expect: () => {},
  },
  {
    name: 'reasoning that is null',
    bodies: {
      chat: chat(
        question,
        { role: 'assistant', content: 'ok', reasoning_content: null, reasoning: null, reasoning_details: null },
        askedAgain,
      ),
      responses: responses(
        question,
        { type: 'reasoning', id: 'rs_1', summary: null, encrypted_content: null },
        { role: 'assistant', content: 'ok' },
        askedAgain,
      ),
    },
    expect: () => {},
  },
  {
    name: 'content that is null or absent',
    bodies: {
      chat: chat(question, { role: 'assistant', content: 'ok' }, { role: 'assistant', content: null }, askedAgain),
      responses: responses(question, { role: 'assistant', content: 'ok' }, { role: 'assistant' }, askedAgain),
      messages: messages(
        question,
        { role: 'assistant', content: 'ok' },
        { role: 'assistant', content: null },
        askedAgain,
      ),
    },
    expect: () => {},
  },
  {
    name: 'items of an unknown type',
    bodies: {
      responses: responses(
        question,
        { role: 'assistant', content: 'ok' },
        { type: 'brand_new_item', x: 1 },
        askedAgain,
      ),
    },
    expect: () => {},
  },
];

describe.each(WAYS)('$way: in a history', ({ endpoint, streamed }) => {
  const here = ({ bodies }: HistoryCase) => bodies[endpoint.name] !== undefined;

  it.each([...CALLS, ...OUTPUTS].filter(here))('$name', async ({ bodies, expect: check }) => {
    const exchange = await bench.send(endpoint, bodies[endpoint.name] ?? {}, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.', error: undefined });
    check(exchange);
  });

  const body = (...turns: readonly object[]) =>
    ({ chat: chat(...turns), responses: responses(...turns), messages: messages(...turns) })[endpoint.name];

  it.each(BLOCKS)('an assistant’s %s is skipped, and noted', async (_name, block) => {
    const exchange = await bench.send(endpoint, body(question, assistant(block, text('ok')), askedAgain), streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.', error: undefined });
    expect(exchange.header).not.toEqual([]);
    expect(exchange.upstream[0]?.texts).toEqual(expect.arrayContaining([expect.stringContaining('ok')]));
  });

  it('a block with text and no type is text', async () => {
    const exchange = await bench.send(
      endpoint,
      body(user({ text: 'hi' }), assistant({ text: 'ok' }), askedAgain),
      streamed,
    );
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.', error: undefined });
    expect(exchange.upstream[0]?.texts.join()).toMatch(/hi.*ok.*y/s);
  });

  it.each(USER_BLOCKS)('a user’s %s is skipped, and noted', async (_name, block) => {
    const exchange = await bench.send(endpoint, body(user(text('hi'), block)), streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.', error: undefined });
    expect(exchange.header).not.toEqual([]);
    expect(exchange.upstream[0]?.texts.join()).toContain('hi');
  });
});

const OFF: readonly (readonly [name: string, fields: object])[] = [
  [
    'thinking disabled and a budget of 0',
    { thinking: { type: 'disabled', budget_tokens: 0 }, reasoning: { max_tokens: 0, enabled: false } },
  ],
  ['thinking disabled', { thinking: { type: 'disabled' } }],
  ['enable_thinking false', { enable_thinking: false }],
  ['reasoning disabled', { reasoning: { enabled: false } }],
  ['an effort of none', { reasoning_effort: 'none' }],
];

describe.each(WAYS)('$way: reasoning is off', ({ endpoint, streamed }) => {
  it.each(OFF)('with %s', async (_name, fields) => {
    for (const model of ['claude-opus-4.6', 'claude-sonnet-4.5', 'gpt-5.6-terra']) {
      const exchange = await bench.send(endpoint, { ...endpoint.body('x'), model, ...fields }, streamed);
      expect(exchange, model).toMatchObject({ status: 200, text: 'Ok.' });
      expect(exchange.upstream[0]?.reasons, model).toBe(false);
    }
  });
});

describe.each(WAYS)('$way: a tool schema as a string', ({ endpoint, streamed }) => {
  it.each(['parameters', 'input_schema', 'inputSchema'])('is read from %s', async (member) => {
    const tool = { name: 'read_file', description: 'reads', [member]: JSON.stringify(SCHEMA) };
    const declared =
      member === 'parameters' && endpoint.name !== 'responses' ? { type: 'function', function: tool } : tool;
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), tools: [declared] }, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.upstream[0]?.tools).toMatchObject([{ name: 'read_file', schema: SCHEMA }]);
  });
});
