/**
 * `stop`, `max_tokens` and `tool_choice` through the complete program. Where a reply is cut, the model would continue for
 * ten minutes: a client gets its answer only if the gateway leaves the upstream, which the simulator checks.
 */
import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../src/core/tokens.ts';
import type { ReplyStep, Script } from '../../src/simulator/script.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';

const MODEL = 'claude-sonnet-4.5';
const MESSAGES = [{ role: 'user' as const, content: 'Go on.' }];
const RUNS = 60;

interface Seen {
  readonly text: string;
  readonly finish: unknown;
}

type Ask = (gateway: TestGateway, limits: { stop?: string[]; maxTokens?: number }) => Promise<Seen>;

/** Used in turn by the cases. */
const CLIENTS: readonly { readonly name: string; readonly ask: Ask }[] = [
  {
    name: 'chat, streamed',
    async ask({ url, apiKey }, { stop, maxTokens }) {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
      const limits = { ...(stop && { stop }), ...(maxTokens && { max_tokens: maxTokens }) };
      const stream = await client.chat.completions.create({
        model: MODEL,
        messages: MESSAGES,
        stream: true,
        ...limits,
      });
      const seen = { text: '', finish: '' };
      for await (const { choices } of stream) {
        seen.text += choices[0]?.delta.content ?? '';
        seen.finish = choices[0]?.finish_reason ?? seen.finish;
      }
      return seen;
    },
  },
  {
    name: 'messages, whole',
    async ask({ url, apiKey }, { stop, maxTokens = 8_000 }) {
      const client = new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
      const message = await client.messages.create({
        model: MODEL,
        messages: MESSAGES,
        max_tokens: maxTokens,
        ...(stop && { stop_sequences: stop }),
      });
      const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
      return { text, finish: message.stop_sequence ?? message.stop_reason };
    },
  },
];

const letters = fc.constantFrom('a', 'b', 'ab', '\n', '"', '\\', 'é', '😀');
const fragments = fc.array(
  fc.array(letters, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  { minLength: 1, maxLength: 12 },
);
const stops = fc.array(
  fc.array(letters, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
  { minLength: 1, maxLength: 4 },
);

/** The naive algorithm: checks every prefix of the text. */
function cutAtStop(text: string, sequences: readonly string[]): { kept: string; sequence: string } | undefined {
  for (let end = 1; end <= text.length; end++) {
    const beginning = text.slice(0, end);
    const [sequence] = sequences.filter((each) => beginning.endsWith(each)).sort((a, b) => b.length - a.length);
    if (sequence !== undefined) return { kept: beginning.slice(0, -sequence.length), sequence };
  }
  return undefined;
}

function chatRequests({ simulator }: TestGateway) {
  return simulator.requests.filter(({ rawBody }) => rawBody.startsWith('{"conversationState"'));
}

const FOREVER: readonly ReplyStep[] = [{ gapMs: 600_000 }, 'never said'];

const TIMEOUT_MS = 180_000;

describe('stop', { timeout: TIMEOUT_MS }, () => {
  it('keeps the exact text before the first sequence, sends nothing after it, and leaves the upstream', async () => {
    const cases = fc.sample(fc.tuple(fragments, stops), { numRuns: RUNS, seed: 42 });
    const script: Script = {
      replies: cases.map(([text, sequences]) => ({
        times: 1,
        steps: [{ text }, ...(cutAtStop(text.join(''), sequences) ? FOREVER : [])],
      })),
    };
    await using gateway = await startTestGateway({ script });
    let cuts = 0;
    for (const [at, [text, stop]] of cases.entries()) {
      const { name, ask } = CLIENTS[at % CLIENTS.length] ?? expect.fail('no client');
      const expected = cutAtStop(text.join(''), stop);
      const seen = await ask(gateway, { stop });
      const context = `${name}: ${JSON.stringify({ text, stop })}`;
      expect(seen.text, context).toBe(expected?.kept ?? text.join(''));
      if (name.startsWith('messages')) expect(seen.finish, context).toBe(expected?.sequence ?? 'end_turn');
      else expect(seen.finish, context).toBe('stop');
      const request = chatRequests(gateway)[at];
      await request?.finished;
      expect(request?.closedEarly, context).toBe(expected !== undefined);
      if (expected) cuts++;
    }
    expect(cuts).toBeGreaterThan(RUNS / 3);
  });
});

describe('max_tokens', { timeout: TIMEOUT_MS }, () => {
  it('cuts at the limit, says so, and leaves the upstream', async () => {
    const words = fc.array(fc.constantFrom('The ', 'quick', ' brown ', 'fox', '\n', '你好', '😀', '{"a":1}'), {
      minLength: 60,
      maxLength: 90,
    });
    const cases = fc.sample(fc.tuple(words, fc.integer({ min: 1, max: 30 })), { numRuns: RUNS, seed: 42 });
    await using gateway = await startTestGateway({
      script: { replies: cases.map(([text]) => ({ times: 1, steps: [{ text }, ...FOREVER] })) },
    });
    for (const [at, [text, maxTokens]] of cases.entries()) {
      const { name, ask } = CLIENTS[at % CLIENTS.length] ?? expect.fail('no client');
      const seen = await ask(gateway, { maxTokens });
      const context = `${name}: ${maxTokens} of ${JSON.stringify(text)}`;
      expect(text.join('').startsWith(seen.text), context).toBe(true);
      expect(estimateTokens(seen.text), context).toBeLessThanOrEqual(maxTokens);
      expect(estimateTokens(seen.text), context).toBeGreaterThanOrEqual(maxTokens - 3);
      expect(seen.finish, context).toBe(name.startsWith('messages') ? 'max_tokens' : 'length');
      const request = chatRequests(gateway)[at];
      await request?.finished;
      expect(request?.closedEarly, context).toBe(true);
    }
  });
});

describe('tool_choice', () => {
  const tool = (name: string) => ({
    type: 'function' as const,
    function: {
      name,
      description: `To ${name}.`,
      parameters: { type: 'object', properties: { id: { type: 'number' } } },
    },
  });
  const CALL: ReplyStep = { tool: 'find', input: { id: 7 } };

  const choices: readonly [string, OpenAI.ChatCompletionToolChoiceOption, string[]][] = [
    ['required', 'required', ['find', 'list']],
    ['a named tool', { type: 'function', function: { name: 'find' } }, ['find']],
  ];

  it.each(choices)(
    '%s offers only those tools, and retries once if the reply is text alone',
    async (_name, tool_choice, offered) => {
      await using gateway = await startTestGateway({
        script: { replies: [{ times: 1, steps: ['I would rather talk.'] }, { steps: [CALL] }] },
      });
      const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
      const { data, response } = await client.chat.completions
        .create({ model: MODEL, messages: MESSAGES, tools: [tool('find'), tool('list')], tool_choice })
        .withResponse();
      expect(data.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { content: null, tool_calls: [{ function: { name: 'find', arguments: '{"id":7}' } }] },
      });
      expect(response.headers.get('x-dragoman-adjustments')).toMatch(/tool-choice-retried.*tool-choice-emulated/);
      const requests = chatRequests(gateway).map(({ rawBody }) => rawBody);
      expect(requests).toHaveLength(2);
      const names = [...(requests[0] ?? '').matchAll(/"toolSpecification":\{"name":"(\w+)"/g)].map(([, name]) => name);
      expect(names).toEqual(offered);
      expect(requests[1]).toContain('I would rather talk.');
    },
  );

  it('required returns an error if the model does not comply', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps: ['I would rather talk.'] }] } });
    const client = new Anthropic({ baseURL: gateway.url, apiKey: gateway.apiKey, maxRetries: 3 });
    const failure = await client.messages
      .create({
        model: MODEL,
        max_tokens: 500,
        messages: MESSAGES,
        tools: [{ name: 'find', input_schema: { type: 'object' } }],
        tool_choice: { type: 'any' },
      })
      .catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ status: 502, message: expect.stringContaining('even on a second attempt') });
    expect(chatRequests(gateway)).toHaveLength(2);
  });

  it('none offers no tool', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps: ['Words.'] }] } });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
    const request = { model: MODEL, messages: MESSAGES, tools: [tool('find')], tool_choice: 'none' as const };
    await client.chat.completions.create(request);
    expect(chatRequests(gateway)[0]?.rawBody).not.toContain('toolSpecification');
  });

  it('parallel_tool_calls false keeps only the first call', async () => {
    await using gateway = await startTestGateway({
      script: { replies: [{ steps: [CALL, { tool: 'list', input: {} }] }] },
    });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
    const completion = await client.chat.completions.create({
      model: MODEL,
      messages: MESSAGES,
      tools: [tool('find'), tool('list')],
      parallel_tool_calls: false,
    });
    expect(completion.choices[0]?.message.tool_calls).toHaveLength(1);
  });
});

describe('a call printed as text', () => {
  const LEAK = 'I will look.\n<invoke name="find">\n<parameter name="id">7</parameter>\n</invoke>';
  const request = {
    model: MODEL,
    messages: MESSAGES,
    tools: [
      {
        type: 'function' as const,
        function: {
          name: 'find',
          parameters: { type: 'object', properties: { id: { type: 'number' } }, required: ['id'] },
        },
      },
    ],
  };
  const script: Script = { replies: [{ steps: [LEAK] }] };

  it('becomes a call, streamed or not, and is noted', async () => {
    await using gateway = await startTestGateway({ script });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
    const { data, response } = await client.chat.completions.create(request).withResponse();
    const message = {
      content: 'I will look.\n',
      tool_calls: [{ function: { name: 'find', arguments: '{"id":7}' } }],
    };
    expect(data.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message });
    expect(response.headers.get('x-dragoman-adjustments')).toContain('leaked-call-recovered');
    const streamed = await client.chat.completions.stream({ ...request, stream: true }).finalChatCompletion();
    expect(streamed.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message });
  });

  it('stays text if the operator disables recovery', async () => {
    await using gateway = await startTestGateway({ script, env: { DRAGOMAN_RECOVER_TOOL_CALLS: 'no' } });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
    const { choices } = await client.chat.completions.create(request);
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: LEAK } });
  });
});
