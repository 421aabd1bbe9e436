/**
 * Reasoning through the complete program, in Messages and in both dialects of Chat Completions. Like the service, the
 * simulator refuses every signature but its own.
 */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type JsonValue } from '../../src/core/json.ts';
import type { ReplyStep, Script } from '../../src/simulator/script.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';

/** Its schema has efforts and adaptive thinking. */
const CLAUDE = 'claude-opus-4.6';
const GPT = 'gpt-5.6-sol';
/** Has no reasoning settings. */
const PLAIN = 'claude-sonnet-4.5';

const LOOK: ReplyStep = { tool: 'look', input: { at: 'a.ts' } };
/** Thinks, calls the tool, and answers after its result. */
const THINKING: Script = {
  replies: [
    { when: { toolResults: true }, steps: [{ reasoning: 'Now I know.' }, 'It is seven.'] },
    { when: { text: 'Redact.' }, steps: [{ redacted: 'c2VjcmV0' }, LOOK] },
    { steps: [{ reasoning: ['I have to ', 'look "first".'] }, 'Looking.', LOOK] },
  ],
};

function bodies({ simulator }: TestGateway): readonly Record<string, JsonValue>[] {
  return simulator.requests.flatMap(({ operation, body }) =>
    operation === 'GenerateAssistantResponse' && isJsonObject(body) ? [body] : [],
  );
}

function openAi({ url, apiKey }: TestGateway): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

function anthropic({ url, apiKey }: TestGateway): Anthropic {
  return new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
}

const ANTHROPIC_TOOLS: Anthropic.Tool[] = [{ name: 'look', input_schema: { type: 'object' } }];
const OPENAI_TOOLS: OpenAI.ChatCompletionTool[] = [
  { type: 'function', function: { name: 'look', parameters: { type: 'object' } } },
];

describe('effort and budget', () => {
  const rows: readonly [string, string, object, object, object][] = [
    [
      'an effort',
      CLAUDE,
      { reasoning_effort: 'low' },
      { output_config: { effort: 'low' } },
      { output_config: { effort: 'low' } },
    ],
    [
      'a budget',
      CLAUDE,
      { reasoning: { max_tokens: 4_000 } },
      { thinking: { type: 'enabled', budget_tokens: 4_000 } },
      { output_config: { effort: 'low' }, thinking: { type: 'adaptive' } },
    ],
    ['an effort of another family', GPT, { reasoning_effort: 'minimal' }, {}, { reasoning: { effort: 'low' } }],
    ['none', GPT, { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }, { reasoning: { effort: 'none' } }],
    [
      'the default effort for a request without a word about it',
      CLAUDE,
      {},
      { system: 'Be brief.' },
      { output_config: { effort: 'high' }, thinking: { type: 'adaptive' } },
    ],
  ];

  it.each(rows)('%s is sent according to the schema of %s', async (_name, model, chat, messages, fields) => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps: ['Done.'] }] } });
    await openAi(gateway).chat.completions.create({ model, messages: [{ role: 'user', content: 'Go.' }], ...chat });
    expect(bodies(gateway)[0]?.additionalModelRequestFields).toEqual(expect.objectContaining(matchers(fields)));
    if (Object.keys(messages).length === 0) return;
    const request = { model, max_tokens: 8_000, messages: [{ role: 'user' as const, content: 'Go.' }], ...messages };
    await anthropic(gateway).messages.create(request);
    expect(bodies(gateway)[1]?.additionalModelRequestFields).toEqual(expect.objectContaining(matchers(fields)));
  });

  it('is requested by tags from a model without settings, and read from its text', async () => {
    const steps: ReplyStep[] = [{ text: ['<thin', 'king>Hm', '.</thinking>\n\nDo', 'ne.'] }];
    await using gateway = await startTestGateway({ script: { replies: [{ steps }] } });
    const request = {
      model: PLAIN,
      messages: [{ role: 'user' as const, content: 'Go.' }],
      reasoning_effort: 'high' as const,
    };
    const { choices } = await openAi(gateway).chat.completions.create(request);
    expect(choices[0]?.message).toMatchObject({ content: 'Done.', reasoning_content: 'Hm.' });
    expect(JSON.stringify(bodies(gateway)[0])).toContain('<thinking_mode>enabled</thinking_mode>');
  });
});

/** Reads nested parts. */
function matchers(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, expect.objectContaining(value as Record<string, unknown>)]),
  );
}

/** Two turns of a tool loop; `spoil` changes what is sent back. Returns the last text and the notes. */
type Loop = (
  gateway: TestGateway,
  question: string,
  spoil: (value: string) => string,
) => Promise<{ text: string; notes: string }>;

const messagesLoop =
  (thinking: object): Loop =>
  async (gateway, question, spoil) => {
    const client = anthropic(gateway);
    const base = {
      model: CLAUDE,
      max_tokens: 8_000,
      tools: ANTHROPIC_TOOLS,
      thinking: thinking as Anthropic.ThinkingConfigParam,
    };
    const user = { role: 'user' as const, content: question };
    const first = await client.messages.stream({ ...base, messages: [user] }).finalMessage();
    const call = first.content.find((block) => block.type === 'tool_use');
    const content = first.content.map((block) => {
      if (block.type === 'thinking') return { ...block, signature: spoil(block.signature) };
      return block.type === 'redacted_thinking' ? { ...block, data: spoil(block.data) } : block;
    });
    const result = { type: 'tool_result' as const, tool_use_id: call?.id ?? '', content: '7' };
    const { data, response } = await client.messages
      .create({
        ...base,
        messages: [user, { role: 'assistant', content }, { role: 'user', content: [result] }],
      })
      .withResponse();
    const text = data.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    return { text, notes: response.headers.get('x-dragoman-adjustments') ?? '' };
  };

interface DetailedMessage {
  readonly content: string | null;
  readonly tool_calls?: OpenAI.ChatCompletionMessageToolCall[];
  readonly reasoning?: string | null;
  readonly reasoning_details?: readonly { readonly signature?: string; readonly data?: string }[];
}

const chatLoop: Loop = async (gateway, question, spoil) => {
  const client = openAi(gateway);
  const base = { model: CLAUDE, tools: OPENAI_TOOLS, reasoning: { effort: 'high' } };
  const user = { role: 'user' as const, content: question };
  const first = await client.chat.completions.create({ ...base, messages: [user] });
  const message = first.choices[0]?.message as DetailedMessage | undefined; // with the fields of the dialect
  const details = (message?.reasoning_details ?? []).map((detail) => ({
    ...detail,
    ...(detail.signature && { signature: spoil(detail.signature) }),
    ...(detail.data && { data: spoil(detail.data) }),
  }));
  expect(details.length).toBeGreaterThan(0);
  const assistant = { ...message, role: 'assistant' as const, reasoning_details: details };
  const result = { role: 'tool' as const, tool_call_id: message?.tool_calls?.[0]?.id ?? '', content: '7' };
  const { data, response } = await client.chat.completions
    .create({ ...base, messages: [user, assistant as OpenAI.ChatCompletionMessageParam, result] })
    .withResponse();
  return { text: data.choices[0]?.message.content ?? '', notes: response.headers.get('x-dragoman-adjustments') ?? '' };
};

const LOOPS: readonly [string, Loop][] = [
  ['Messages, shown', messagesLoop({ type: 'enabled', budget_tokens: 4_000 })],
  ['Messages, omitted', messagesLoop({ type: 'adaptive', display: 'omitted' })],
  ['Chat Completions with details', chatLoop],
];

describe.each(LOOPS)('a tool loop over %s', (_name, loop) => {
  it.each(['Look.', 'Redact.'])('sends reasoning back unchanged: %s', async (question) => {
    await using gateway = await startTestGateway({ script: THINKING });
    const { text, notes } = await loop(gateway, question, (value) => value);
    expect(text).toBe('It is seven.');
    expect(notes).not.toMatch(/reasoning-(?:history|unsigned|extra)/);
    const [, second] = bodies(gateway);
    expect(JSON.stringify(second)).toContain(
      question === 'Look.'
        ? '"reasoningText":{"text":"I have to look \\"first\\".","signature":"'
        : '"redactedContent":"c2VjcmV0"',
    );
    expect(bodies(gateway)).toHaveLength(2);
  });

  it('is retried once without earlier reasoning if the service does not recognise a signature', async () => {
    await using gateway = await startTestGateway({ script: THINKING });
    const foreign = () => Buffer.from('signed elsewhere').toString('base64');
    const { text, notes } = await loop(gateway, 'Look.', foreign);
    expect(text).toBe('It is seven.');
    expect(notes).toContain('reasoning-history-dropped');
    const [, refused, healed] = bodies(gateway);
    expect(JSON.stringify(refused)).toContain('reasoningContent');
    expect(JSON.stringify(healed)).not.toContain('reasoningContent');
    expect(bodies(gateway)).toHaveLength(3);
  });
});

describe('reasoning of GPT models after their calls', () => {
  const LATE: Script = {
    replies: [
      { when: { toolResults: true }, steps: ['It is seven.'] },
      { steps: [LOOK, { event: 'reasoningContentEvent', payload: { text: '...', signature: 'bGF0ZQ==' } }] },
    ],
  };

  it('is sent back unchanged over Responses, and not shown as text', async () => {
    await using gateway = await startTestGateway({ script: LATE });
    const client = openAi(gateway);
    const base = {
      model: GPT,
      store: false,
      include: ['reasoning.encrypted_content' as const],
      tools: [{ type: 'function' as const, name: 'look', parameters: { type: 'object' }, strict: false }],
    };
    const user = { role: 'user' as const, content: 'Look.' };
    const first = await client.responses.create({ ...base, input: [user] });
    expect(first.output.map(({ type }) => type)).toEqual(['function_call', 'reasoning']);
    expect(JSON.stringify(first.output)).not.toContain('...');
    const call = first.output.find((item) => item.type === 'function_call');
    // Sent back unchanged; the SDK's types of the two directions differ.
    const output = first.output as OpenAI.Responses.ResponseInputItem[];
    const result = { type: 'function_call_output' as const, call_id: call?.call_id ?? '', output: '7' };
    const second = await client.responses.create({ ...base, input: [user, ...output, result] });
    expect(second.output_text).toBe('It is seven.');
    expect(bodies(gateway)).toHaveLength(2);
    expect(JSON.stringify(bodies(gateway)[1])).toContain('"reasoningText":{"text":"...","signature":"bGF0ZQ=="}');
  });

  it('is sent back unchanged over Messages', async () => {
    await using gateway = await startTestGateway({ script: LATE });
    const client = anthropic(gateway);
    const base = { model: GPT, max_tokens: 8_000, tools: ANTHROPIC_TOOLS, thinking: { type: 'adaptive' as const } };
    const user = { role: 'user' as const, content: 'Look.' };
    const { content } = await client.messages.stream({ ...base, messages: [user] }).finalMessage();
    const call = content.find((block) => block.type === 'tool_use');
    const result = { type: 'tool_result' as const, tool_use_id: call?.id ?? '', content: '7' };
    await client.messages.create({
      ...base,
      messages: [user, { role: 'assistant', content }, { role: 'user', content: [result] }],
    });
    expect(bodies(gateway)).toHaveLength(2);
    expect(JSON.stringify(bodies(gateway)[1])).toContain('"reasoningText":{"text":"...","signature":"bGF0ZQ=="}');
  });
});

describe('reasoning for clients that read it as text', () => {
  it('arrives as reasoning_content and may return without a signature, which is noted', async () => {
    await using gateway = await startTestGateway({ script: THINKING });
    const client = openAi(gateway);
    const user = { role: 'user' as const, content: 'Look.' };
    const base = { model: CLAUDE, tools: OPENAI_TOOLS, reasoning_effort: 'high' as const };
    const first = await client.chat.completions.create({ ...base, messages: [user] });
    const message = first.choices[0]?.message;
    expect(message).toMatchObject({ reasoning_content: 'I have to look "first".', content: 'Looking.' });
    const result = { role: 'tool' as const, tool_call_id: message?.tool_calls?.[0]?.id ?? '', content: '7' };
    const messages = [user, message, result] as OpenAI.ChatCompletionMessageParam[]; // the reply's own message goes back
    const { data, response } = await client.chat.completions.create({ ...base, messages }).withResponse();
    expect(data.choices[0]?.message.content).toBe('It is seven.');
    expect(response.headers.get('x-dragoman-adjustments')).toContain('reasoning-unsigned-dropped');
  });

  it('uses the lowest effort for a model that refuses to turn it off, and remembers that', async () => {
    const message = '`thinking.type: disabled` is not supported for this model.';
    await using gateway = await startTestGateway({
      script: { replies: [{ times: 1, refuse: { status: 400, name: 'ValidationException', message, reason: null } }] },
    });
    const create = () =>
      anthropic(gateway)
        .messages.create({
          model: CLAUDE,
          max_tokens: 9_000,
          thinking: { type: 'disabled' },
          messages: [{ role: 'user', content: 'Hello.' }],
        })
        .withResponse();
    const { response } = await create();
    expect(response.headers.get('x-dragoman-adjustments')).toContain('reasoning-not-off@');
    await create();
    const lowest = { output_config: { effort: 'low' } };
    expect(bodies(gateway).map((body) => body.additionalModelRequestFields)).toEqual([
      { thinking: { type: 'disabled' } },
      lowest,
      lowest,
    ]);
  });
});
