/** A conversation too long for the model is reported in the vendors' own words and numbers, which agents compact by. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { startTestGateway } from '../support/test-gateway.ts';

const TOO_LONG = {
  status: 400,
  name: 'ValidationException',
  message: 'Input is too long.',
  reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
};

describe('a conversation that is too long', () => {
  it('is reported to Anthropic clients as "prompt is too long", with both numbers', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ refuse: TOO_LONG }] } });
    const client = new Anthropic({ baseURL: gateway.url, apiKey: gateway.apiKey, maxRetries: 0 });
    const request = client.messages.create({
      model: 'claude-sonnet-4.5',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    await expect(request).rejects.toMatchObject({
      status: 400,
      error: {
        error: { type: 'invalid_request_error', message: 'prompt is too long: 200001 tokens > 200000 maximum' },
      },
    });
  });

  it('is reported to OpenAI clients as context_length_exceeded', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ refuse: TOO_LONG }] } });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey, maxRetries: 0 });
    const request = client.chat.completions.create({
      model: 'claude-opus-4.6',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    await expect(request).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
      message: expect.stringContaining('maximum context length is 1000000 tokens'),
    });
  });

  it('is detected by the simulated service itself if it really is too long', async () => {
    await using gateway = await startTestGateway();
    const client = new Anthropic({ baseURL: gateway.url, apiKey: gateway.apiKey, maxRetries: 0 });
    const content = 'many words '.repeat(100_000);
    const request = client.messages.create({
      model: 'claude-sonnet-4.5',
      max_tokens: 100,
      messages: [{ role: 'user', content }],
    });
    await expect(request).rejects.toThrow(/prompt is too long: 2\d{5} tokens > 200000 maximum/);
  });
});
