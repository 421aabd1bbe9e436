/** The gateway in front of the simulator, as the official SDKs see it, in local mode and with a key. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import type { Log } from '../src/core/log.ts';
import type { ScriptedReply } from '../src/simulator/script.ts';
import { LOCAL_MODE, startTestGateway, type TestGateway } from './support/test-gateway.ts';

const MODEL = 'claude-sonnet-4.5';

function openaiOf({ url }: TestGateway): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'local', maxRetries: 0 });
}

function anthropicOf({ url }: TestGateway): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: 'local', maxRetries: 0 });
}

/** A conversation with a tool call. */
const WEATHER: readonly ScriptedReply[] = [
  { when: { toolResults: true }, steps: ['It is 21 °C and ', 'clear in İstanbul. ☀️'] },
  { when: { text: 'weather' }, steps: ['Let me look.', { tool: 'get_weather', input: { city: 'İstanbul' } }] },
  { steps: ['Hello, ', 'wörld! 🌍'] },
];
const SCRIPT = { replies: WEATHER };
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };

describe('the OpenAI SDK', () => {
  it('gets the same reply streamed and not streamed', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT, env: LOCAL_MODE });
    const client = openaiOf(gateway);
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const whole = await client.chat.completions.create({ model: MODEL, messages });
    expect(whole).toMatchObject({ object: 'chat.completion', model: MODEL, choices: [{ finish_reason: 'stop' }] });
    expect(whole.choices[0]?.message.content).toBe('Hello, wörld! 🌍');
    expect(whole.usage?.prompt_tokens).toBeGreaterThan(0);
    const streamed = await client.chat.completions.stream({ model: MODEL, messages }).finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe('Hello, wörld! 🌍');
    expect(streamed.choices[0]?.finish_reason).toBe('stop');
  });

  it('calls a tool, sends its result and gets the answer', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT, env: LOCAL_MODE });
    const asked: unknown[] = [];
    const runner = openaiOf(gateway).chat.completions.runTools({
      model: MODEL,
      stream: true,
      messages: [{ role: 'user', content: 'How is the weather?' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'The weather.',
            parameters: SCHEMA,
            parse: JSON.parse,
            function: (input: object) => {
              asked.push(input);
              return '21 °C, clear';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('It is 21 °C and clear in İstanbul. ☀️');
    expect(asked).toEqual([{ city: 'İstanbul' }]);
    expect(JSON.stringify(gateway.simulator.chatRequests[1])).toContain('21 °C, clear');
  });

  it('lists models and retrieves one by an alias', async () => {
    await using gateway = await startTestGateway({ env: LOCAL_MODE });
    const client = openaiOf(gateway);
    const ids = (await client.models.list()).data.map(({ id }) => id);
    expect(ids).toContain(MODEL);
    expect(await client.models.retrieve('claude-sonnet-4-5-20250929')).toMatchObject({ object: 'model' });
    await expect(client.models.retrieve('claude-sonet-4.5')).rejects.toThrow(
      '"claude-sonet-4.5" is not in the catalogue. Did you mean claude-sonnet-4.5?',
    );
  });
});

describe('the Anthropic SDK', () => {
  const messages = [{ role: 'user' as const, content: 'Hi' }];

  it('gets the same reply streamed and not streamed', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT, env: LOCAL_MODE });
    const client = anthropicOf(gateway);
    const whole = await client.messages.create({ model: MODEL, max_tokens: 100, messages });
    expect(whole).toMatchObject({
      type: 'message',
      stop_reason: 'end_turn',
      content: [{ type: 'text', text: 'Hello, wörld! 🌍' }],
    });
    const streamed = await client.messages.stream({ model: MODEL, max_tokens: 100, messages }).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  it('calls a tool, sends its result and gets the answer', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT, env: LOCAL_MODE });
    const client = anthropicOf(gateway);
    const tools = [{ name: 'get_weather', description: 'The weather.', input_schema: SCHEMA }];
    const question = { role: 'user' as const, content: 'How is the weather?' };
    const first = await client.messages
      .stream({ model: MODEL, max_tokens: 100, tools, messages: [question] })
      .finalMessage();
    expect(first.stop_reason).toBe('tool_use');
    const use = first.content.find((block) => block.type === 'tool_use');
    expect(use?.input).toEqual({ city: 'İstanbul' });
    const result = { type: 'tool_result' as const, tool_use_id: use?.id ?? '', content: '21 °C' };
    const second = await client.messages.create({
      model: MODEL,
      max_tokens: 100,
      tools,
      messages: [question, { role: 'assistant', content: first.content }, { role: 'user', content: [result] }],
    });
    expect(second.content).toEqual([{ type: 'text', citations: null, text: 'It is 21 °C and clear in İstanbul. ☀️' }]);
  });

  it('counts tokens and lists models', async () => {
    await using gateway = await startTestGateway({ env: LOCAL_MODE });
    const client = anthropicOf(gateway);
    expect((await client.messages.countTokens({ model: MODEL, messages })).input_tokens).toBeGreaterThan(0);
    const page = await client.models.list({ limit: 2 });
    expect(page.data[0]).toMatchObject({ type: 'model', display_name: expect.any(String) });
    expect(page.has_more).toBe(true);
  });
});

describe('an upstream request', () => {
  const throttled = { status: 429, name: 'ThrottlingException', message: 'Too many requests', retryAfterS: 1 };

  it('that fails once is retried without the client noticing', async () => {
    const script = { replies: [{ times: 1, refuse: { status: 500, name: 'InternalServerException' } }, ...WEATHER] };
    await using gateway = await startTestGateway({ script, env: LOCAL_MODE });
    const reply = await openaiOf(gateway).chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect(reply.choices[0]?.message.content).toBe('Hello, wörld! 🌍');
    expect(gateway.simulator.chatRequests).toHaveLength(2);
  });

  it('that is throttled for long is reported in the format of each API, with the retry time', async () => {
    await using gateway = await startTestGateway({
      script: { replies: [{ refuse: { ...throttled, retryAfterS: 3600 } }] },
      env: LOCAL_MODE,
    });
    const asked = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hi' }] };
    const openai = await openaiOf(gateway)
      .chat.completions.create(asked)
      .catch((error) => error);
    expect(openai).toBeInstanceOf(OpenAI.RateLimitError);
    expect(Number(openai.headers.get('retry-after'))).toBeGreaterThan(0);
    const anthropic = await anthropicOf(gateway)
      .messages.create({ ...asked, max_tokens: 9 })
      .catch((error) => error);
    expect(anthropic).toBeInstanceOf(Anthropic.RateLimitError);
  });

  it.each([
    ['a broken connection', { cut: 'reset' }],
    ['half a frame', { cut: 'end', half: true }],
    ['a frame with a wrong checksum', { corrupt: true }],
  ] as const)('that ends in mid-stream with %s is an error, not a complete reply', async (_, step) => {
    await using gateway = await startTestGateway({
      script: { replies: [{ steps: ['Half of ', { gapMs: 5 }, step] }] },
      env: LOCAL_MODE,
    });
    const asked = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hi' }] };
    await expect(openaiOf(gateway).chat.completions.stream(asked).finalChatCompletion()).rejects.toThrow();
    await expect(
      anthropicOf(gateway)
        .messages.stream({ ...asked, max_tokens: 9 })
        .finalMessage(),
    ).rejects.toThrow();
    await expect(openaiOf(gateway).chat.completions.create(asked)).rejects.toMatchObject({ status: 502 });
  });

  it('is cancelled as soon as the client disconnects', async () => {
    await using gateway = await startTestGateway({
      script: { replies: [{ steps: ['One', { gapMs: 60_000 }, 'two'] }] },
      env: LOCAL_MODE,
    });
    const finished = new Promise((resolve) =>
      gateway.simulator.onFinished((request) => request.operation === 'GenerateAssistantResponse' && resolve(request)),
    );
    const stream = await openaiOf(gateway).chat.completions.create({
      model: MODEL,
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    for await (const _ of stream) break;
    // The reply pauses for longer than the timeout of this test.
    await expect(finished).resolves.toMatchObject({ status: 200 });
  });
});

describe('the gateway', () => {
  it('refreshes a rejected access token without the client noticing', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT, env: LOCAL_MODE });
    const client = anthropicOf(gateway);
    const ask = () =>
      client.messages.create({ model: MODEL, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] });
    await ask();
    gateway.simulator.expireAccessTokens('default');
    expect((await ask()).content).toEqual([{ type: 'text', citations: null, text: 'Hello, wörld! 🌍' }]);
  });

  it('logs requests without their contents and without secrets', async () => {
    const lines: string[] = [];
    const write = (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message }));
    const log: Log = { debug: write, info: write, warn: write, error: write };
    await using gateway = await startTestGateway({ script: SCRIPT, env: { DRAGOMAN_API_KEYS: 'marked-key-1' }, log });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'marked-key-1' });
    const reply = await client.chat.completions
      .create({ model: MODEL, temperature: 0.3, messages: [{ role: 'user', content: 'marked-said' }] })
      .withResponse();
    expect(reply.response.headers.get('x-dragoman-adjustments')).toContain('temperature');
    expect(reply.response.headers.get('x-dragoman-route')).toContain('profile=');
    await vi.waitFor(() => expect(lines.join()).toContain('POST /v1/chat/completions 200'), { timeout: 10_000 });
    expect(lines.join('\n')).not.toMatch(/marked|aoaSimulator|aorSimulator|simulator-client-secret|Hello/);
  });
});
