/** `n` through the whole program: several upstream requests, one response with several choices. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { Script } from '../src/simulator/script.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

/** A refusal with which neither another account nor another wire profile would help. */
const TOO_LONG = {
  status: 400,
  name: 'ValidationException',
  message: 'Input is too long.',
  reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
};
const QUESTION = {
  model: 'claude-sonnet-4.5',
  messages: [{ role: 'user' as const, content: 'Say something.' }],
};

/** Different replies for the first three requests, with token counts. */
const THREE: Script = {
  replies: ['one', 'two', 'three'].map((text) => ({
    times: 1,
    steps: [
      { text: [`It is `, text, '.'] },
      { tokenUsage: { uncachedInputTokens: 100, outputTokens: 10, totalTokens: 110 } },
    ],
  })),
};

function client({ url, apiKey }: TestGateway): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

function chatRequests({ simulator }: TestGateway): number {
  return simulator.requests.filter(({ rawBody }) => rawBody.startsWith('{"conversationState"')).length;
}

/** The second upstream request was closed by the gateway. */
async function expectStopped({ simulator }: TestGateway): Promise<void> {
  const last = simulator.requests.findLast(({ rawBody }) => rawBody.startsWith('{"conversationState"'));
  await last?.finished;
  expect(last?.closedEarly).toBe(true);
}

describe('several choices', () => {
  it('are separate replies in one completion, whose usage is their sum', async () => {
    await using gateway = await startTestGateway({ script: THREE });
    const { data, response } = await client(gateway)
      .chat.completions.create({ ...QUESTION, n: 3 })
      .withResponse();
    expect(data.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(data.choices.map(({ message }) => message.content).sort()).toEqual([
      'It is one.',
      'It is three.',
      'It is two.',
    ]);
    expect(data.choices.every(({ finish_reason }) => finish_reason === 'stop')).toBe(true);
    expect(data.usage).toMatchObject({ prompt_tokens: 300, completion_tokens: 30, total_tokens: 330 });
    expect(response.headers.get('x-dragoman-adjustments')).toBe('choices-emulated@n');
    expect(chatRequests(gateway)).toBe(3);
  });

  it('are streamed together, each under its index, with one usage and one end', async () => {
    await using gateway = await startTestGateway({ script: THREE });
    const stream = client(gateway).chat.completions.stream({
      ...QUESTION,
      n: 3,
      stream: true,
      stream_options: { include_usage: true },
    });
    const seen = new Map<number, string>();
    let usages = 0;
    stream.on('chunk', ({ choices, usage }) => {
      if (usage) usages++;
      for (const { index, delta } of choices) seen.set(index, (seen.get(index) ?? '') + (delta.content ?? ''));
    });
    const whole = await stream.finalChatCompletion();
    expect([...seen.values()].sort()).toEqual(['It is one.', 'It is three.', 'It is two.']);
    for (const { index, message } of whole.choices) expect(message.content).toBe(seen.get(index));
    expect(usages).toBe(1);
    expect(whole.usage).toMatchObject({ prompt_tokens: 300, completion_tokens: 30 });
  });

  it('fail together: the others are cancelled when one breaks', async () => {
    await using gateway = await startTestGateway({
      script: {
        replies: [
          { times: 1, steps: [{ text: ['Begun'] }, { gapMs: 50 }, { cut: 'reset' }] },
          { steps: [{ text: ['Never done'] }, { gapMs: 600_000 }] },
        ],
      },
    });
    const stream = await client(gateway).chat.completions.create({ ...QUESTION, n: 2, stream: true });
    const failure = await (async () => {
      for await (const _chunk of stream);
    })().catch((cause: unknown) => cause);
    expect(failure).toBeInstanceOf(OpenAI.APIError);
    await expectStopped(gateway);
  });

  it('fail together before any output', async () => {
    await using gateway = await startTestGateway({
      script: {
        replies: [{ times: 1, refuse: TOO_LONG }, { steps: [{ gapMs: 600_000 }] }],
      },
    });
    const failure = await client(gateway)
      .chat.completions.create({ ...QUESTION, n: 2 })
      .catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    await expectStopped(gateway);
  });
});
