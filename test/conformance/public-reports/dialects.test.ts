/** Every spelling at every API: read by its meaning, answered in the API's own format, and noted. */
import { describe, expect, it } from 'vitest';
import {
  CALL_DIALECTS,
  IMAGE_DIALECTS,
  RESULT_DIALECTS,
  TEXT_DIALECTS,
  TOOL_CHOICES,
  TOOL_DIALECTS,
} from '../dialects.ts';
import { CHAT, type Endpoint, RESPONSES, WAYS } from './endpoints.ts';
import { ReportBench } from './exchange.ts';

const bench = new ReportBench();

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const PICTURE = { mediaType: 'image/png', data: PNG };
const SCHEMA = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const READ_FILE = { name: 'read_file', description: 'reads', schema: SCHEMA };
const WRITE_FILE = { ...READ_FILE, name: 'write_file', description: 'writes' };

/** The member with the conversation. */
const LIST = { chat: 'messages', responses: 'input', messages: 'messages' } as const;

function withHistory(endpoint: Endpoint, history: readonly object[], more: object = {}): object {
  return { ...endpoint.body('x'), [LIST[endpoint.name]]: history, ...more };
}

function okReplies(): void {
  bench.script({ steps: ['Ok.'] });
}

/** Base64 must never reach the model as text. */
function expectNoBase64(texts: readonly string[]): void {
  for (const text of texts) expect(text).not.toMatch(/iVBORw0|[A-Za-z0-9+/]{40}/);
}

/** By the prefix of a dialect's name. */
const OWN: Readonly<Record<Endpoint['name'], string>> = {
  chat: 'OpenAI Chat',
  responses: 'OpenAI Responses',
  messages: 'Anthropic',
};

/** An API's own dialect is not noted, another one is. */
function expectNoted(header: readonly string[], { name }: Endpoint, dialect: string): void {
  const isOwn = dialect.startsWith(OWN[name]);
  if (isOwn && dialect === OWN[name]) expect(header).not.toContain('other-dialect');
  if (!isOwn) expect(header).toContain('other-dialect');
}

describe.each(WAYS)('$way: a tool', ({ endpoint, streamed }) => {
  it.each(Object.entries(TOOL_DIALECTS))('is declared as in %s', async (name, write) => {
    okReplies();
    const body = { ...endpoint.body('x'), tools: [write(READ_FILE), write(WRITE_FILE)] };
    const exchange = await bench.send(endpoint, body, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.', stop: 'end' });
    expect(exchange.upstream[0]?.tools).toMatchObject([READ_FILE, WRITE_FILE]);
    expectNoted(exchange.header, endpoint, name);
  });

  it('is declared in several dialects at once', async () => {
    okReplies();
    const names = Object.keys(TOOL_DIALECTS).map((_, index) => `tool_${index}`);
    const tools = Object.values(TOOL_DIALECTS).map((write, index) => write({ ...READ_FILE, name: names[index] ?? '' }));
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), tools }, streamed);
    expect(exchange.upstream[0]?.tools.map(({ name }) => name)).toEqual(names);
    expect(exchange.header).toContain('other-dialect');
  });

  it('with free text is declared beside others', async () => {
    okReplies();
    const tools = [
      TOOL_DIALECTS['OpenAI Responses']?.(READ_FILE),
      { type: 'custom', name: 'apply_patch', description: 'a patch' },
    ];
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), tools }, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.upstream[0]?.tools.map(({ name }) => name)).toEqual(['read_file', 'apply_patch']);
    expect(exchange.header).not.toEqual([]);
  });
});

const CALLS = [
  { id: 'toolu_1', name: 'read_file', input: { path: 'a.ts' } },
  { id: 'toolu_2', name: 'read_file', input: { path: 'b.ts' } },
];
const RESULTS = [
  { id: 'toolu_1', name: 'read_file', text: 'const x = 1' },
  { id: 'toolu_2', name: 'read_file', text: 'const y = 2' },
];
/** The dialects of the tools, the calls and their results. */
const HISTORIES = ['OpenAI Chat', 'OpenAI Responses', 'Anthropic'].flatMap((toolName) =>
  Object.keys(CALL_DIALECTS).flatMap((callName) =>
    Object.keys(RESULT_DIALECTS).map((resultName) => ({ toolName, callName, resultName })),
  ),
);

describe.each(WAYS)('$way: calls', ({ endpoint, streamed }) => {
  it.each(HISTORIES)('as in $callName, results as in $resultName, tools as in $toolName', async (dialects) => {
    okReplies();
    const history = [
      { role: 'system', content: 'You are an editor' },
      { role: 'user', content: [{ type: 'text', text: 'hello' }] },
      ...(CALL_DIALECTS[dialects.callName]?.('I read', CALLS) ?? []),
      ...(RESULT_DIALECTS[dialects.resultName]?.(RESULTS) ?? []),
    ];
    const tools = [TOOL_DIALECTS[dialects.toolName]?.(READ_FILE)];
    const exchange = await bench.send(
      endpoint,
      withHistory(endpoint, history, { tools, tool_choice: { type: 'auto' } }),
      streamed,
    );
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.', stop: 'end' });
    const [sent] = exchange.upstream;
    expect(sent?.uses.map(({ name, input }) => [name, input])).toEqual(CALLS.map(({ name, input }) => [name, input]));
    expect(sent?.results).toMatchObject(
      RESULTS.map(({ text }, index) => ({
        toolUseId: sent?.uses[index]?.toolUseId,
        status: 'success',
        content: [{ text }],
      })),
    );
    const words = sent?.texts.join('\n') ?? '';
    for (const expected of ['You are an editor', 'hello', 'I read']) expect(words).toContain(expected);
    expect(words).not.toMatch(/toolu_1|tool_use|tool_result|function_call/);
  });
});

describe.each(WAYS)('$way: the conversation', ({ endpoint, streamed }) => {
  it('is read from the member of another API', async () => {
    okReplies();
    const { messages: _messages, input: _input, ...rest } = endpoint.body('x');
    const other = endpoint.name === 'responses' ? 'messages' : 'input';
    const body = {
      ...rest,
      [other]: [{ role: 'user', content: [{ type: 'input_text', text: 'hello' }] }],
      tools: [
        TOOL_DIALECTS['OpenAI Responses']?.(READ_FILE),
        { type: 'custom', name: 'apply_patch', description: 'p' },
      ],
      instructions: 'be short',
    };
    const exchange = await bench.send(endpoint, body, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.', stop: 'end' });
    expect(exchange.header).toContain('other-dialect');
    const [sent] = exchange.upstream;
    expect(sent?.texts.join('\n')).toMatch(/be short[\s\S]*hello/);
    expect(sent?.tools.map(({ name }) => name)).toEqual(['read_file', 'apply_patch']);
  });

  it.each(Object.entries(TEXT_DIALECTS))('has text as in %s', async (_name, write) => {
    okReplies();
    const history = [
      { role: 'user', content: [write('one'), write('two')] },
      { role: 'assistant', content: [write('three')] },
      { role: 'user', content: [write('four')] },
    ];
    const exchange = await bench.send(endpoint, withHistory(endpoint, history), streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.upstream[0]?.texts.join('\n')).toMatch(/one\s+two\s+three\s+four/);
  });
});

describe.each(WAYS)('$way: tool_choice', ({ endpoint, streamed }) => {
  it.each(TOOL_CHOICES)('$name means $means', async ({ means, value }) => {
    const answers = means === 'auto' || means === 'none' ? ['Ok.'] : [{ tool: 'read_file', input: { path: 'a' } }];
    bench.script({ steps: answers });
    const body = { ...endpoint.body('x', [READ_FILE, WRITE_FILE]), tool_choice: value('read_file') };
    const exchange = await bench.send(endpoint, body, streamed);
    expect(exchange.status).toBe(200);
    expect(exchange.upstream).toHaveLength(1);
    const offered = exchange.upstream[0]?.tools.map(({ name }) => name);
    switch (means) {
      case 'auto':
        expect(offered).toEqual(['read_file', 'write_file']);
        expect(exchange.header).not.toContain('tool-choice-emulated');
        break;
      case 'none':
        expect(offered).toEqual([]);
        break;
      case 'required':
        expect(offered).toEqual(['read_file', 'write_file']);
        expect(exchange.header).toContain('tool-choice-emulated');
        break;
      case 'tool':
        expect(offered).toEqual(['read_file']);
        expect(exchange.header).toContain('tool-choice-emulated');
        break;
    }
    expect(exchange.stop).toBe(means === 'auto' || means === 'none' ? 'end' : 'calls');
  });
});

describe.each(WAYS)('$way: a picture', ({ endpoint, streamed }) => {
  it.each(Object.entries(IMAGE_DIALECTS))('as in %s is read', async (name, write) => {
    okReplies();
    const history = [{ role: 'user', content: [{ type: 'text', text: 'what is it' }, write(PICTURE)] }];
    const exchange = await bench.send(endpoint, withHistory(endpoint, history), streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    const [sent] = exchange.upstream;
    expect(sent?.images).toEqual([PNG]);
    expectNoBase64(sent?.texts ?? []);
    expect(sent?.texts.join('\n')).toContain('what is it');
    expectNoted(exchange.header, endpoint, name);
  });

  it.each(Object.entries(IMAGE_DIALECTS))('as in %s is read alone in its message', async (_name, write) => {
    okReplies();
    const exchange = await bench.send(
      endpoint,
      withHistory(endpoint, [{ role: 'user', content: [write(PICTURE)] }]),
      streamed,
    );
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.upstream[0]?.images).toEqual([PNG]);
    expectNoBase64(exchange.upstream[0]?.texts ?? []);
  });

  const inResults = Object.entries(IMAGE_DIALECTS).flatMap(([imageName, writeImage]) =>
    Object.entries(RESULT_DIALECTS).map(([resultName, writeResults]) => ({
      imageName,
      resultName,
      writeImage,
      writeResults,
    })),
  );
  it.each(inResults)('as in $imageName is read in a result as in $resultName', async ({ writeImage, writeResults }) => {
    okReplies();
    const [call] = CALLS;
    const result = { id: 'toolu_1', name: 'read_file', text: 'Here.', blocks: [writeImage(PICTURE)] };
    const history = [
      { role: 'user', content: 'Look.' },
      ...(CALL_DIALECTS['OpenAI Chat']?.('', call ? [call] : []) ?? []),
      ...writeResults([result]),
    ];
    const tools = [TOOL_DIALECTS['OpenAI Chat']?.(READ_FILE)];
    const exchange = await bench.send(endpoint, withHistory(endpoint, history, { tools }), streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    const [sent] = exchange.upstream;
    expect(sent?.images).toEqual([PNG]);
    expect(sent?.results).toHaveLength(1);
    expectNoBase64(sent?.texts ?? []);
  });
});

const ANSWER_SCHEMA = {
  type: 'object',
  properties: { n: { type: 'integer' } },
  required: ['n'],
  additionalProperties: false,
};
const NESTED = { type: 'json_schema', json_schema: { name: 's', schema: ANSWER_SCHEMA } };
const FLAT = { type: 'json_schema', name: 's', schema: ANSWER_SCHEMA };
const FORMATS: readonly (readonly [name: string, fields: object])[] = [
  ['response_format', { response_format: NESTED }],
  ['response_format, flat', { response_format: FLAT }],
  ['text.format', { text: { format: FLAT } }],
  ['text.format, nested', { text: { format: NESTED } }],
  ['output_config.format', { output_config: { format: { type: 'json_schema', schema: ANSWER_SCHEMA } } }],
  ['output_format', { output_format: { type: 'json_schema', schema: ANSWER_SCHEMA } }],
];

describe.each(WAYS)('$way: an output format', ({ endpoint, streamed }) => {
  it.each(FORMATS)('in %s is honoured', async (_name, fields) => {
    bench.script({ times: 1, steps: ['Seven.'] }, { times: 1, steps: ['{"n":"7"}'] }, { steps: ['{"n":7}'] });
    const wrong = await bench.send(endpoint, { ...endpoint.body('x'), ...fields }, streamed);
    expect(wrong.error ?? '').toContain('second attempt');
    expect(wrong.text).toBe('');
    const right = await bench.send(endpoint, { ...endpoint.body('x'), ...fields }, streamed);
    expect(right).toMatchObject({ status: 200, text: '{"n":7}' });
    expect(right.header).toContain('json-schema-emulated');
  });
});

const EFFORTS: readonly (readonly [name: string, fields: object, effort: string | undefined])[] = [
  ['output_config.effort and enable_thinking', { output_config: { effort: 'high' }, enable_thinking: true }, 'high'],
  ['output_config.effort', { output_config: { effort: 'low' } }, 'low'],
  ['reasoning_effort', { reasoning_effort: 'max' }, 'max'],
  ['reasoning.effort', { reasoning: { effort: 'medium' } }, 'medium'],
  ['enable_thinking', { enable_thinking: true }, undefined],
  ['thinking', { thinking: { type: 'enabled', budget_tokens: 2_048 } }, 'low'],
  ['adaptive thinking', { thinking: { type: 'adaptive' } }, undefined],
  ['reasoning.enabled', { reasoning: { enabled: true } }, undefined],
  ['reasoning.max_tokens', { reasoning: { max_tokens: 2_048 } }, 'low'],
];

describe.each(WAYS)('$way: reasoning', ({ endpoint, streamed }) => {
  it.each(EFFORTS)('requested by %s is requested upstream', async (_name, fields, effort) => {
    okReplies();
    for (const model of ['claude-opus-4.6', 'claude-sonnet-4.5']) {
      const exchange = await bench.send(endpoint, { ...endpoint.body('x'), model, ...fields }, streamed);
      expect(exchange, model).toMatchObject({ status: 200, text: 'Ok.' });
      expect(exchange.upstream[0]?.reasons, model).toBe(true);
      if (effort !== undefined && model === 'claude-opus-4.6') expect(exchange.upstream[0]?.effort).toBe(effort);
    }
  });
});

describe('Cursor', () => {
  /** Its chat request has the body of a Responses request. */
  it('gets chat chunks for the body of a Responses request', async () => {
    bench.script({ steps: [{ tool: 'read_file', input: { path: 'a' } }] });
    const body = { ...RESPONSES.body('hello', [READ_FILE]), instructions: 'be short', stream: true };
    const exchange = await bench.send(CHAT, body, true);
    expect(exchange).toMatchObject({
      status: 200,
      stop: 'calls',
      calls: [{ name: 'read_file', input: { path: 'a' } }],
    });
  });
});
