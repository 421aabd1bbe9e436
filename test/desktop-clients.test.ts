/**
 * Editors, desktop programs and servers that cannot run here: their requests, rebuilt from public reports and from the
 * sources of those that are open. Each client's page in docs/clients shows the configuration that leads to them.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseEvents } from './support/event-stream-text.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const MODEL = 'claude-sonnet-4.5';
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const READ_FILE = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
let before = 0;
beforeEach(() => {
  before = gateway.simulator.chatRequests.length;
});

function send(path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json', ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** The events of a stream. */
async function dataOf(response: Response): Promise<readonly unknown[]> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status: 200 });
  return parseEvents(text);
}

interface Chunk {
  readonly choices: readonly {
    readonly finish_reason: string | null;
    readonly delta: {
      readonly content?: string | null;
      readonly tool_calls?: readonly {
        readonly type?: string;
        readonly id?: string;
        readonly function?: { readonly name?: string; readonly arguments?: string };
      }[];
    };
  }[];
}

interface ChatAnswer {
  readonly text: string;
  readonly finishReason: string | null | undefined;
  readonly types: readonly string[];
  readonly name: string | undefined;
  readonly args: string;
}

async function chatAnswer(response: Response): Promise<ChatAnswer> {
  const chunks = (await dataOf(response)) as readonly Chunk[]; // what is missing shows as undefined in the assertions
  const choices = chunks.flatMap(({ choices }) => choices);
  const calls = choices.flatMap(({ delta }) => delta.tool_calls ?? []);
  return {
    text: choices.map(({ delta }) => delta.content ?? '').join(''),
    finishReason: choices.findLast(({ finish_reason: reason }) => reason !== null)?.finish_reason,
    types: calls.flatMap(({ type }) => type ?? []),
    name: calls.find(({ function: fn }) => fn?.name)?.function?.name,
    args: calls.map(({ function: fn }) => fn?.arguments ?? '').join(''),
  };
}

/** The last request as the service received it. */
function upstream() {
  expect(gateway.simulator.chatRequests.length).toBeGreaterThan(before);
  const raw = gateway.simulator.chatRequests.at(-1)?.rawBody ?? '{}';
  const { currentMessage, history = [] } = JSON.parse(raw).conversationState;
  const { content, images = [], userInputMessageContext: context = {} } = currentMessage.userInputMessage;
  return {
    raw,
    content: content as string, // a string in every accepted request
    history: history as readonly Readonly<Record<string, unknown>>[],
    images: images as readonly object[],
    toolNames: (context.tools ?? []).map(
      (tool: { toolSpecification: { name: string } }) => tool.toolSpecification.name,
    ),
    toolResults: (context.toolResults ?? []) as readonly { toolUseId: string }[],
  };
}

describe('Cursor', () => {
  const PATCH = '*** Begin Patch\n*** Update File: a.ts\n@@\n-const x = 1\n+const x = 2\n*** End Patch';
  const APPLY_PATCH = {
    type: 'custom',
    name: 'ApplyPatch',
    description: 'Edits files.',
    format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch" /.+/' },
  };
  const FLAT = { type: 'function', name: 'read_file', description: 'Reads a file', parameters: READ_FILE };

  it('verifies its key with the list of models', async () => {
    const { data } = (await (await send('/v1/models')).json()) as { data: readonly object[] };
    expect(data).toContainEqual(expect.objectContaining({ id: MODEL, object: 'model' }));
  });

  it('asks in Ask mode with messages, and gets chunks', async () => {
    const response = await send('/v1/chat/completions', {
      model: 'gpt-4o',
      stream: true,
      temperature: 0,
      user: 'google-oauth2|123',
      messages: [
        { role: 'system', content: 'You are an AI programming assistant in Cursor.' },
        { role: 'user', content: [{ type: 'text', text: 'What does a.ts do?' }] },
      ],
    });
    expect(await chatAnswer(response)).toMatchObject({ finishReason: 'stop', text: expect.stringContaining('a.ts') });
  });

  it('asks in Agent mode with a Responses body, and gets chunks with calls of functions', async () => {
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      stream: true,
      stream_options: { include_usage: true },
      instructions: 'Be an agent.',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'use read_file {"path":"a.ts"}' }] }],
      tools: [FLAT, APPLY_PATCH],
      messages: [],
    });
    expect(await chatAnswer(response)).toMatchObject({
      finishReason: 'tool_calls',
      types: ['function'],
      name: 'read_file',
      args: '{"path":"a.ts"}',
    });
    expect(upstream().toolNames).toEqual(['read_file', 'ApplyPatch']);
  });

  it('gets the patch of its free-text tool as it is, in the arguments of a function, and sends it back there', async () => {
    gateway.simulator.addReplies({
      when: { text: 'patch it' },
      times: 1,
      steps: [{ tool: 'ApplyPatch', input: { input: PATCH } }],
    });
    const question = { role: 'user', content: 'patch it' };
    const tools = [FLAT, APPLY_PATCH];
    const first = await chatAnswer(
      await send('/v1/chat/completions', { model: MODEL, stream: true, messages: [question], tools }),
    );
    expect(first).toMatchObject({ finishReason: 'tool_calls', types: ['function'], name: 'ApplyPatch', args: PATCH });
    const call = { id: 'call_1', type: 'function', function: { name: 'ApplyPatch', arguments: PATCH } };
    const again = await send('/v1/chat/completions', {
      model: MODEL,
      stream: true,
      messages: [
        question,
        { role: 'assistant', content: '', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'Done.' },
      ],
      tools,
    });
    await chatAnswer(again);
    expect(JSON.stringify(upstream().history)).toContain(JSON.stringify(PATCH).slice(1, -1));
    expect(upstream().toolResults).toHaveLength(1);
  });

  it('mixes Anthropic tools and blocks into messages for models called Claude', async () => {
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      stream: true,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'hello' }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I read' },
            { type: 'tool_use', id: 'toolu_1', name: 'read_file', input: { path: 'a.ts' } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'const x = 1' }] },
      ],
      tools: [{ name: 'read_file', description: 'Reads a file', input_schema: READ_FILE }],
      tool_choice: { type: 'auto' },
    });
    expect(await chatAnswer(response)).toMatchObject({ finishReason: 'stop' });
    expect(upstream()).toMatchObject({ toolNames: ['read_file'], toolResults: [{ toolUseId: 'toolu_1' }] });
  });
});

describe('VS Code with a custom endpoint', () => {
  const TOOL = { name: 'read_file', description: 'Reads a file', parameters: READ_FILE, strict: null };

  it('asks through Chat Completions with null where others leave a member out', async () => {
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      stream: true,
      stream_options: { include_usage: true },
      n: 1,
      temperature: 0.1,
      top_p: 1,
      max_tokens: 16_000,
      messages: [
        { role: 'system', content: 'You are an expert AI programming assistant.' },
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: 'Hello.', refusal: null },
        { role: 'user', content: 'use read_file {"path":"a.ts"}' },
      ],
      tools: [{ type: 'function', function: TOOL }],
      tool_choice: 'auto',
    });
    expect(await chatAnswer(response)).toMatchObject({ name: 'read_file', args: '{"path":"a.ts"}' });
  });

  it('asks through Responses and through Messages', async () => {
    const responses = await send('/v1/responses', {
      model: MODEL,
      stream: true,
      store: false,
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'use read_file {"path":"a.ts"}' }] },
      ],
      tools: [{ type: 'function', ...TOOL }],
      include: ['reasoning.encrypted_content'],
      truncation: 'disabled',
      reasoning: { effort: 'medium', summary: 'auto' },
    });
    expect(await dataOf(responses)).toContainEqual(
      expect.objectContaining({ type: 'response.function_call_arguments.done', arguments: '{"path":"a.ts"}' }),
    );
    const messages = await send('/v1/messages', {
      model: MODEL,
      stream: true,
      max_tokens: 16_000,
      system: [{ type: 'text', text: 'You are an expert.', cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'use read_file {"path":"a.ts"}' }] }],
      tools: [{ name: 'read_file', description: 'Reads a file', input_schema: READ_FILE }],
    });
    expect(await dataOf(messages)).toContainEqual(
      expect.objectContaining({ type: 'message_delta', delta: expect.objectContaining({ stop_reason: 'tool_use' }) }),
    );
  });
});

describe('Claude Desktop with a third-party gateway', () => {
  it('reads the models without saying which dialect it speaks', async () => {
    const { data } = (await (await send('/v1/models')).json()) as { data: readonly object[] };
    expect(data).toContainEqual(
      expect.objectContaining({
        id: MODEL,
        type: 'model',
        display_name: expect.any(String),
        max_input_tokens: expect.any(Number),
      }),
    );
  });

  it('streams Messages with its key in both headers', async () => {
    const response = await send(
      '/v1/messages?beta=true',
      {
        model: MODEL,
        stream: true,
        max_tokens: 32_000,
        thinking: { type: 'adaptive' },
        output_config: { effort: 'medium' },
        metadata: { user_id: JSON.stringify({ device_id: 'd', session_id: '00000000-0000-4000-8000-000000000001' }) },
        system: [{ type: 'text', text: 'You are Claude.' }],
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello from the desktop.' }] }],
      },
      {
        'x-api-key': gateway.apiKey,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'interleaved-thinking-2025-05-14',
      },
    );
    expect(await dataOf(response)).toContainEqual({ type: 'message_stop' });
  });
});

describe('Roo Code and Kilo Code in the editor', () => {
  it('stream with strict tools, one call at a time, and pictures in the details of the environment', async () => {
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'You are Roo.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: '<task>\nuse read_file {"path":"a.ts"}\n</task>' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
            { type: 'text', text: '<environment_details>\n# VSCode Visible Files\na.ts\n</environment_details>' },
          ],
        },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'read_file', description: 'Reads', strict: true, parameters: READ_FILE },
        },
      ],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      max_completion_tokens: 8192,
    });
    expect(await chatAnswer(response)).toMatchObject({ name: 'read_file', args: '{"path":"a.ts"}' });
    expect(upstream().images).toHaveLength(1);
    expect(upstream().content).not.toContain(PNG.slice(0, 40));
  });
});

describe("Zed's agent", () => {
  it('streams with an empty list of stop sequences and its thread as the cache key', async () => {
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      messages: [
        { role: 'system', content: 'You are a highly skilled software engineer.' },
        { role: 'user', content: [{ type: 'text', text: 'use read_file {"path":"a.ts"}' }] },
      ],
      stream: true,
      max_completion_tokens: 8192,
      stop: [],
      temperature: 1,
      parallel_tool_calls: false,
      prompt_cache_key: 'thread-1',
      tool_choice: 'auto',
      tools: [{ type: 'function', function: { name: 'read_file', description: 'Reads', parameters: READ_FILE } }],
    });
    expect(await chatAnswer(response)).toMatchObject({ name: 'read_file', finishReason: 'tool_calls' });
  });
});

describe('JetBrains AI Assistant', () => {
  it('tests the connection with the models, then chats without tools', async () => {
    expect((await send('/v1/models')).status).toBe(200);
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      messages: [
        { role: 'system', content: 'You are an AI assistant in an IDE.' },
        { role: 'user', content: 'Explain the selection.' },
      ],
      stream: true,
      temperature: 0,
      tools: [],
    });
    expect(await chatAnswer(response)).toMatchObject({ finishReason: 'stop' });
  });
});

describe('Cherry Studio', () => {
  it('streams with its switches for thinking, and shows the thoughts', async () => {
    const response = await send(
      '/v1/chat/completions',
      {
        model: MODEL,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'auto' } },
            ],
          },
        ],
        stream: true,
        stream_options: { include_usage: true },
        enable_thinking: true,
        thinking_budget: 4096,
        temperature: 1,
        top_p: 1,
      },
      { 'HTTP-Referer': 'https://cherry-ai.com', 'X-Title': 'Cherry Studio', 'x-api-key': gateway.apiKey },
    );
    expect(await chatAnswer(response)).toMatchObject({ finishReason: 'stop' });
    expect(upstream().images).toHaveLength(1);
  });
});

describe('LibreChat', () => {
  it('streams as LangChain does for a custom endpoint, with a user id that reaches no further', async () => {
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      user: '65f0c0ffee65f0c0ffee65f0',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'Hello from LibreChat.' }],
    });
    expect(await chatAnswer(response)).toMatchObject({ finishReason: 'stop' });
    expect(upstream().raw).not.toContain('65f0c0ffee65f0c0ffee65f0');
  });

  it('asks for the title of a conversation', async () => {
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      temperature: 0.2,
      presence_penalty: 0,
      frequency_penalty: 0,
      max_tokens: 16,
      messages: [
        { role: 'system', content: 'Please generate a concise, 5-word-or-less title.' },
        { role: 'user', content: 'Title:' },
      ],
    });
    expect(response.status).toBe(200);
  });
});

describe('n8n', () => {
  it('lists models, and runs its agent with tools whose schema names its dialect', async () => {
    expect((await send('/v1/models')).status).toBe(200);
    const response = await send('/v1/chat/completions', {
      model: MODEL,
      temperature: 0.7,
      n: 1,
      stream: false,
      messages: [
        { role: 'system', content: 'You are a helpful assistant' },
        { role: 'user', content: 'use calculator {"input":"1+1"}' },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'calculator',
            description: 'Useful for arithmetic.',
            parameters: {
              type: 'object',
              properties: { input: { type: 'string' } },
              additionalProperties: false,
              $schema: 'http://json-schema.org/draft-07/schema#',
            },
          },
        },
      ],
    });
    expect(await response.json()).toMatchObject({
      choices: [{ finish_reason: 'tool_calls', message: { tool_calls: [{ function: { name: 'calculator' } }] } }],
    });
  });
});
