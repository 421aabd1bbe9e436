/** Output limits at each endpoint: enforced by the service if the model supports them, otherwise by dragoman. */
import { describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

/** Its schema has `max_tokens`, from 1,024 tokens on. */
const LIMITING = 'claude-opus-5';
const OTHER = 'claude-opus-4.8';

const ENDPOINTS = [
  {
    path: '/v1/chat/completions',
    body: (limit: number) => ({ messages: [{ role: 'user', content: 'x' }], max_completion_tokens: limit }),
    at: 'max_completion_tokens',
    cut: '"finish_reason":"length"',
  },
  {
    path: '/v1/responses',
    body: (limit: number) => ({ input: 'x', max_output_tokens: limit }),
    at: 'max_output_tokens',
    cut: '"incomplete_details":{"reason":"max_output_tokens"}',
  },
  {
    path: '/v1/messages',
    body: (limit: number) => ({ messages: [{ role: 'user', content: 'x' }], max_tokens: limit }),
    at: 'max_tokens',
    cut: '"stop_reason":"max_tokens"',
  },
] as const;

/** Far more than 2,000 tokens, by any count. */
const LONG = { replies: [{ steps: ['All work and no play makes a long reply. '.repeat(1_000)] }] };

async function ask({ url, apiKey }: TestGateway, path: string, body: object) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return {
    status: answer.status,
    notes: answer.headers.get('x-dragoman-adjustments') ?? '',
    text: await answer.text(),
  };
}

function sentLimit(gateway: TestGateway): unknown {
  return JSON.parse(gateway.takeChatRequest(() => true) ?? '{}').additionalModelRequestFields?.max_tokens;
}

describe.each(ENDPOINTS)('$at', ({ path, body, at, cut }) => {
  it('is enforced by the service for a model that supports it', async () => {
    await using gateway = await startTestGateway({ script: LONG });
    const { status, notes, text } = await ask(gateway, path, { model: LIMITING, ...body(2_000) });
    expect(status).toBe(200);
    expect(sentLimit(gateway)).toBe(2_000);
    expect(text).toContain(cut);
    expect(text.length).toBeGreaterThan(7_900);
    expect(notes).toContain(`output-limit-sent@${at}`);
    expect(notes).not.toContain('max-tokens-emulated');
  });

  it.each([
    ['for a model that does not take it', OTHER, 2_000],
    ['below the least that the model takes', LIMITING, 100],
  ])('is enforced by dragoman %s', async (_name, model, limit) => {
    await using gateway = await startTestGateway({ script: LONG });
    const { status, notes, text } = await ask(gateway, path, { model, ...body(limit) });
    expect(status).toBe(200);
    expect(sentLimit(gateway)).toBeUndefined();
    expect(text).toContain(cut);
    expect(notes).toContain(`max-tokens-emulated@${at}`);
    expect(notes).not.toContain('output-limit-sent');
  });
});

describe('the usage of a reply', () => {
  it('counts the same text equally in a request and in a reply', async () => {
    const words = 'Tokenizers cut a text into words, digits and runs of punctuation; that is all. '.repeat(60);
    await using gateway = await startTestGateway({ script: { replies: [{ steps: [words], closing: [] }] } });
    const message = (content: string) => ({ model: OTHER, max_tokens: 9_000, messages: [{ role: 'user', content }] });
    const counted = async (content: string) => {
      const { text } = await ask(gateway, '/v1/messages/count_tokens', message(content));
      return JSON.parse(text).input_tokens;
    };
    const { text } = await ask(gateway, '/v1/messages', message('x'));
    const asRequest = (await counted(`${words}x`)) - (await counted('x'));
    expect(Math.abs(JSON.parse(text).usage.output_tokens / asRequest - 1)).toBeLessThan(0.02);
  });
});
