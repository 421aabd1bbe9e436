/** `dragoman replay`: capsules of requests to a whole gateway run again, byte for byte, with and without their text. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Capsule, capsuleSchema } from '../src/capsules/format.ts';
import { replayCapsule } from '../src/cli/replay/run.ts';
import type { Script } from '../src/simulator/script.ts';
import { ADMIN_TOKEN } from './support/admin.ts';
import { createHome, runCommand } from './support/command.ts';
import { startTestGateway } from './support/test-gateway.ts';

const REPLIES: Script['replies'] = [
  {
    when: { text: 'refuse' },
    refuse: { status: 400, name: 'ValidationException', message: 'Improperly formed request.' },
  },
  { when: { text: 'busy' }, times: 1, refuse: { status: 500, name: 'InternalServerException', message: 'Try again.' } },
  { when: { text: 'leave' }, steps: ['Some of the answer', { cut: 'stall' }] },
  { when: { text: 'break' }, steps: ['Half of the ans', { cut: 'reset' }] },
  { when: { text: 'corrupt' }, steps: ['Some text', { corrupt: true }] },
  {
    when: { tools: true, toolResults: false },
    steps: [
      { reasoning: 'Let me look at the file “näher”: 先看。' },
      'I will read it. ',
      {
        tool: 'Read',
        input: { file_path: '/home/ada/ä/main.ts', offset: 12, options: { deep: ['你好', '🙂'], flag: true } },
      },
      { tool: 'Bash', input: { command: 'ls -la "/tmp"\n', timeout_ms: 2_500 } },
    ],
  },
  { when: { toolResults: true }, steps: ['The file says “hello”. ', { text: ['It ', 'works', '! 🎉'] }] },
];

const TOOLS = {
  Read: {
    type: 'object',
    properties: { file_path: { type: 'string' }, offset: { type: 'integer' }, options: { type: 'object' } },
    required: ['file_path'],
  },
  Bash: {
    type: 'object',
    properties: {
      command: { type: 'string', description: 'Runs in a shell' },
      timeout_ms: { type: 'number', enum: [2_500, 5_000] },
    },
  },
  '1st_tool': { type: 'object', properties: { type: { type: 'string', enum: ['red', 'green'], default: 'red' } } },
};
const MESSAGES_TOOLS = Object.entries(TOOLS).map(([name, schema]) => ({
  name,
  description: `Does ${name}.`,
  input_schema: schema,
}));
const CHAT_TOOLS = Object.entries(TOOLS).map(([name, parameters]) => ({
  type: 'function',
  function: { name, description: `Does ${name}.`, parameters },
}));

const read = { file_path: '/home/ada/a.ts', options: { nested: [1, 'zwei', { drei: true }] } };
const MESSAGES_TURNS = [
  { role: 'user', content: 'Fix the bug in a.ts, bitte. 谢谢' },
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'Reading.' },
      { type: 'tool_use', id: 'toolu_01AbCd', name: 'Read', input: read },
    ],
  },
  {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 'toolu_01AbCd', is_error: true, content: 'ENOENT: no such file' }],
  },
];
const CHAT_TURNS = [
  { role: 'system', content: 'You are terse.' },
  { role: 'user', content: 'Fix the bug' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_9', type: 'function', function: { name: 'Read', arguments: JSON.stringify(read) } }],
  },
  { role: 'tool', tool_call_id: 'call_9', content: '{"text": "const a = 1;"}' },
];
const RESPONSES_INPUT = [
  { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Fix the bug' }] },
  { type: 'function_call', call_id: 'call_9', name: 'Read', arguments: JSON.stringify(read) },
  { type: 'function_call_output', call_id: 'call_9', output: 'const a = 1;' },
];
const RESPONSES_TOOLS = Object.entries(TOOLS).map(([name, parameters]) => ({
  type: 'function',
  name,
  parameters,
  strict: false,
}));
const model = 'claude-sonnet-4.5';
const session = { user_id: 'user_0abc_account__session_0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d' };

interface Request {
  readonly path: string;
  readonly body: object;
}

const REQUESTS: Readonly<Record<string, Request>> = {
  'a first turn of Messages that calls tools': {
    path: '/v1/messages',
    body: {
      model,
      max_tokens: 1_024,
      stream: true,
      metadata: session,
      tools: MESSAGES_TOOLS,
      messages: MESSAGES_TURNS.slice(0, 1),
    },
  },
  'a later turn of Messages': {
    path: '/v1/messages',
    body: {
      model,
      max_tokens: 1_024,
      stream: true,
      metadata: session,
      system: 'You are terse.',
      tools: MESSAGES_TOOLS,
      messages: MESSAGES_TURNS,
    },
  },
  'a whole reply of Messages': {
    path: '/v1/messages',
    body: { model, max_tokens: 1_024, tools: MESSAGES_TOOLS, messages: MESSAGES_TURNS.slice(0, 1) },
  },
  'a first turn of Chat Completions that calls tools': {
    path: '/v1/chat/completions',
    body: { model, stream: true, tools: CHAT_TOOLS, messages: CHAT_TURNS.slice(0, 2) },
  },
  'a later turn of Chat Completions': {
    path: '/v1/chat/completions',
    body: { model, stream: true, tools: CHAT_TOOLS, messages: CHAT_TURNS },
  },
  'a whole reply of Chat Completions': {
    path: '/v1/chat/completions',
    body: { model, tools: CHAT_TOOLS, messages: CHAT_TURNS.slice(0, 2) },
  },
  'a first turn of Responses that calls tools': {
    path: '/v1/responses',
    body: { model, stream: true, prompt_cache_key: 'thread-7', tools: RESPONSES_TOOLS, input: 'Fix the bug' },
  },
  'a later turn of Responses': {
    path: '/v1/responses',
    body: { model, stream: true, instructions: 'Be terse.', tools: RESPONSES_TOOLS, input: RESPONSES_INPUT },
  },
  'a request that offers web search': {
    path: '/v1/responses',
    body: { model, stream: true, tools: [...RESPONSES_TOOLS, { type: 'web_search' }], input: 'Fix the bug' },
  },
  'a request that the service refused': {
    path: '/v1/messages',
    body: { model, max_tokens: 9, messages: [{ role: 'user', content: 'refuse this' }] },
  },
  'a request that succeeded the second time': {
    path: '/v1/chat/completions',
    body: { model, messages: [{ role: 'user', content: 'busy now' }] },
  },
  'a reply that broke off': {
    path: '/v1/messages',
    body: { model, max_tokens: 9_000, stream: true, messages: [{ role: 'user', content: 'break it' }] },
  },
  'a corrupt reply': {
    path: '/v1/chat/completions',
    body: { model, stream: true, messages: [{ role: 'user', content: 'corrupt it' }] },
  },
  'a request that the gateway refused': {
    path: '/v1/messages',
    body: { model, max_tokens: 9, messages: [{ role: 'user', content: [{ type: 'text', text: 7 }] }] },
  },
};

const gateway = await startTestGateway({
  script: { replies: REPLIES },
  env: { DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN, DRAGOMAN_CAPSULES: 'all' },
});
afterAll(() => gateway.close());

/** Returns its id. */
async function send({ path, body }: Request): Promise<string> {
  const headers = {
    authorization: `Bearer ${gateway.apiKey}`,
    'content-type': 'application/json',
    'user-agent': 'claude-cli/2.1.3 (external)',
  };
  const response = await fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.text().catch(() => {});
  return response.headers.get('x-request-id') ?? '';
}

async function capsuleOf(id: string, withText = false): Promise<Capsule> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await fetch(`${gateway.url}/v2/requests/${id}/capsule?text=${withText}`, { headers });
  return capsuleSchema().parse(await answer.json());
}

describe('a capsule', () => {
  for (const [what, request] of Object.entries(REQUESTS))
    it(`of ${what} replays byte for byte, with its text and without`, async () => {
      const id = await send(request);
      for (const withText of [true, false]) {
        const { differences } = await replayCapsule(await capsuleOf(id, withText));
        expect(differences, withText ? 'with text' : 'without text').toEqual([]);
      }
    });

  it('of a request whose client left replays up to there', async () => {
    const leaving = new AbortController();
    const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'leave early' }] });
    const init = {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${gateway.apiKey}` },
      signal: leaving.signal,
    };
    const response = await fetch(`${gateway.url}/v1/chat/completions`, init);
    await response.body?.getReader().read();
    leaving.abort();
    const id = response.headers.get('x-request-id') ?? '';
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    await expect
      .poll(async () => (await fetch(`${gateway.url}/v2/requests/${id}/capsule`, { headers })).status)
      .toBe(200);
    const capsule = await capsuleOf(id);
    expect([capsule.outcome, capsule.upstream[0]?.answer?.end]).toEqual(['abandoned', 'open']);
    expect((await replayCapsule(capsule)).differences).toEqual([]);
  });

  it('of a request of Claude Code replays byte for byte', async () => {
    const file = new URL('../src/protocols/anthropic-messages/fixtures/claude-code-request.json', import.meta.url);
    const id = await send({ path: '/v1/messages', body: JSON.parse(readFileSync(file, 'utf8')) });
    const capsule = await capsuleOf(id);
    expect(JSON.stringify(capsule)).not.toMatch(/careful engineer|fix the bug|screenshot/);
    expect((await replayCapsule(capsule)).differences).toEqual([]);
  });
});

describe('dragoman replay', () => {
  it('says that a replay is the same, and where it differs', async () => {
    const capsule = await capsuleOf(
      await send({
        path: '/v1/messages',
        body: { model, max_tokens: 99, messages: [{ role: 'user', content: 'Hello' }] },
      }),
    );
    const file = join(createHome(), 'capsule.json');
    const replay = async (changed: Capsule) => {
      writeFileSync(file, JSON.stringify(changed));
      return runCommand(['replay', file], {});
    };
    expect(await replay(capsule)).toMatchObject({
      code: 0,
      out: 'Same: 1 request to the service and the reply, byte for byte.\n',
    });
    const [exchange] = capsule.upstream;
    if (!exchange) throw new Error('Nothing was sent to the service.');
    const body = exchange.request.body?.replace('"MANUAL"', '"DIAGNOSTIC"') ?? '';
    const { code, out, err } = await replay({
      ...capsule,
      upstream: [{ ...exchange, request: { ...exchange.request, body } }],
    });
    expect(code).toBe(1);
    expect(out).toMatch(
      /^upstream request 1, body, at character \d+:\n {2}recorded .*DIAGNOSTIC.*\n {2}replayed .*MANUAL/,
    );
    expect(err).toContain('The replay differs in 1 place.');
  });

  it('finds a name that stands for another, although names are hashes', async () => {
    const request = REQUESTS['a later turn of Messages'];
    if (!request) throw new Error('There is no such request.');
    const capsule = await capsuleOf(await send(request));
    const [exchange] = capsule.upstream;
    const { tools } = JSON.parse(capsule.request.body ?? '');
    const [used, other]: string[] = tools.map(({ name }: { name: string }) => JSON.stringify({ name }).slice(1, -1));
    if (!exchange || !used || !other) throw new Error('Nothing was sent to the service.');
    const swapped = exchange.request.body?.replace(used, other) ?? '';
    expect(swapped).not.toBe(exchange.request.body);
    const upstream = [{ ...exchange, request: { ...exchange.request, body: swapped } }];
    const { differences } = await replayCapsule({ ...capsule, upstream });
    expect(differences.map(({ where }) => where)).toContain('upstream request 1, body');
  });

  it('refuses a file that is not a capsule', async () => {
    const file = join(createHome(), 'other.json');
    writeFileSync(file, '{"capsule": 2}');
    expect(await runCommand(['replay', file], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('is not a capsule'),
    });
    expect(await runCommand(['replay', `${file}.missing`], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('Could not read'),
    });
  });
});
