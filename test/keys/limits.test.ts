/** The limits of keys, as the official SDKs meet them. */
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import type { Script } from '../../src/simulator/script.ts';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { createHome } from '../support/command.ts';

const MODEL = 'claude-haiku-4.5';
const MESSAGES = [{ role: 'user' as const, content: 'Hello' }];

async function startWithKey(fields: object, script: Script = { replies: [] }) {
  const gateway = await startAdminGateway({ env: { DRAGOMAN_KIRO_API_KEY: 'ksk_simulator' }, simulator: { script } });
  const { key, secret } = (await gateway.ask('POST', '/v2/keys', { name: 'laptop', ...fields })).body;
  return { ...gateway, key, ...clientsOf(gateway, secret) };
}

function clientsOf({ url }: Pick<AdminGateway, 'url'>, apiKey: string, maxRetries = 0) {
  /** Of all answers, also those that the SDK retried. */
  const statuses: number[] = [];
  const noted: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    statuses.push(response.status);
    return response;
  };
  const openai = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries, fetch: noted });
  const anthropic = new Anthropic({ apiKey, baseURL: url, maxRetries, fetch: noted });
  return {
    secret: apiKey,
    statuses,
    openai,
    anthropic,
    chat: () => openai.chat.completions.create({ model: MODEL, messages: MESSAGES }).withResponse(),
    message: () => anthropic.messages.create({ model: MODEL, max_tokens: 50, messages: MESSAGES }).withResponse(),
  };
}

/** The headers of an answer, or of the error that the SDK threw. */
function headersOf(answer: { readonly response: Response } | { readonly headers?: Headers | undefined }): Headers {
  return 'response' in answer ? answer.response.headers : (answer.headers ?? new Headers());
}

async function failure(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: InstanceType<typeof OpenAI.APIError>) => error,
  );
}

describe('requests a minute', () => {
  it("are reported in OpenAI's headers, and refused with 429 and the time", async () => {
    const { chat, openai } = await startWithKey({ requestsPerMinute: 2 });
    const headers = headersOf(await chat());
    expect([headers.get('x-ratelimit-limit-requests'), headers.get('x-ratelimit-remaining-requests')]).toEqual([
      '2',
      '1',
    ]);
    expect(headers.get('x-ratelimit-reset-requests')).toMatch(/^(?:1m0s|[0-9.]+s)$/);
    expect(headers.has('x-ratelimit-limit-tokens')).toBe(false);
    const stream = await openai.chat.completions
      .create({ model: MODEL, messages: MESSAGES, stream: true })
      .withResponse();
    expect(headersOf(stream).get('x-ratelimit-remaining-requests')).toBe('0');
    for await (const chunk of stream.data) expect(chunk.object).toBe('chat.completion.chunk');
    for (const call of [chat(), openai.responses.create({ model: MODEL, input: 'Hello' })]) {
      const error = await failure(call);
      expect(error).toBeInstanceOf(OpenAI.RateLimitError);
      expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'requests' });
      expect(headersOf(error).get('x-ratelimit-remaining-requests')).toBe('0');
      expect(Number(headersOf(error).get('retry-after'))).toBeGreaterThan(0);
      expect(Number(headersOf(error).get('retry-after'))).toBeLessThanOrEqual(60);
    }
    expect((await openai.models.list()).data.length).toBeGreaterThan(0);
  });

  it("are reported in Anthropic's headers", async () => {
    const { message, anthropic } = await startWithKey({ requestsPerMinute: 1 });
    const headers = headersOf(await message());
    expect(headers.get('anthropic-ratelimit-requests-limit')).toBe('1');
    expect(headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
    const reset = headers.get('anthropic-ratelimit-requests-reset') ?? '';
    expect(reset).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.parse(reset) - Date.now()).toBeLessThan(62_000);
    expect([...headers.keys()].filter((name) => /unified|^x-ratelimit/.test(name))).toEqual([]);
    const error = await failure(message());
    expect(error).toMatchObject({ status: 429, error: { error: { type: 'rate_limit_error' } } });
    expect(headersOf(error).has('retry-after')).toBe(true);
    // Counting tokens is not limited.
    expect((await anthropic.messages.countTokens({ model: MODEL, messages: MESSAGES })).input_tokens).toBeGreaterThan(
      0,
    );
  });

  it('are changed and removed at once', async () => {
    const { chat, ask, key } = await startWithKey({ requestsPerMinute: 1 });
    await chat();
    expect(await failure(chat())).toMatchObject({ status: 429 });
    await ask('PATCH', `/v2/keys/${key.id}`, { requestsPerMinute: null });
    expect(headersOf(await chat()).has('x-ratelimit-limit-requests')).toBe(false);
  });
});

describe('requests at once', () => {
  it('make the SDKs try again until one has ended', async () => {
    const slowly: Script = { replies: [{ steps: ['Hel', { gapMs: 700 }, 'lo'], times: 1 }] };
    const gateway = await startWithKey({ concurrency: 1 }, slowly);
    const { openai, secret, chat } = gateway;
    const open = await openai.chat.completions.create({ model: MODEL, messages: MESSAGES, stream: true });
    const error = await failure(chat());
    expect(error).toMatchObject({ status: 429, message: expect.stringContaining('1 requests at once') });
    expect(headersOf(error).get('retry-after')).toBe('1');
    const patient = clientsOf(gateway, secret, 2);
    const retried = patient.chat();
    for await (const chunk of open) expect(chunk.object).toBe('chat.completion.chunk');
    expect((await retried).data.choices).toHaveLength(1);
    expect(patient.statuses).toEqual([429, 200]);
    expect((await patient.message()).data.content.length).toBeGreaterThan(0);
  });

  it('become free when a client leaves', async () => {
    const { openai, chat } = await startWithKey({ concurrency: 1 });
    const open = await openai.chat.completions.create({ model: MODEL, messages: MESSAGES, stream: true });
    open.controller.abort();
    await vi.waitFor(async () => expect((await chat()).data.choices).toHaveLength(1), { timeout: 5_000, interval: 50 });
  });
});

describe('tokens a minute', () => {
  it('are charged after the reply, so that the next request is refused', async () => {
    const { chat, message } = await startWithKey({ tokensPerMinute: 10 });
    const first = await chat();
    expect(headersOf(first).get('x-ratelimit-remaining-tokens')).toBe('10');
    expect(first.data.usage?.total_tokens).toBeGreaterThan(10);
    await vi.waitFor(async () => expect(await failure(chat())).toMatchObject({ status: 429 }), 10_000);
    const error = await failure(message());
    expect(error.message).toContain('10 tokens a minute');
    expect(headersOf(error).get('anthropic-ratelimit-tokens-remaining')).toBe('0');
  });
});

describe('a budget of credits', () => {
  it('warns in a header and then refuses until the day ends, and nothing retries', async () => {
    const { chat, message, openai } = await startWithKey({ creditsPerDay: 0.001 });
    expect(headersOf(await chat()).has('x-dragoman-budget')).toBe(false);
    const error = await failure(chat());
    expect(error).toMatchObject({
      status: 429,
      code: 'insufficient_quota',
      message: expect.stringContaining('It resets at'),
    });
    const headers = headersOf(error);
    expect(headers.get('x-dragoman-budget')).toMatch(/^day;used=[\d.]+;limit=0\.001;resets="[^"]+T00:00:00\.000Z"$/);
    expect(headers.get('x-should-retry')).toBe('false');
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(86_400);
    expect(await failure(message())).toMatchObject({ status: 429, error: { error: { type: 'rate_limit_error' } } });
    expect((await openai.models.list()).data.length).toBeGreaterThan(0);
  });
});

describe('a budget that is used up', () => {
  it('stays used up after a restart', async () => {
    const database = `sqlite:${join(createHome(), 'dragoman.db')}`;
    const env = {
      DRAGOMAN_KIRO_API_KEY: 'ksk_simulator',
      DRAGOMAN_DATABASE_URL: database,
      DRAGOMAN_SECRET_KEY: 'k'.repeat(32),
    };
    const first = await startAdminGateway({ env });
    const { secret } = (await first.ask('POST', '/v2/keys', { name: 'laptop', creditsPerMonth: 0.001 })).body;
    await clientsOf(first, secret).chat();
    await first.stop();
    const second = await startAdminGateway({ env });
    expect(await failure(clientsOf(second, secret).chat())).toMatchObject({ status: 429, code: 'insufficient_quota' });
  });
});

describe('keys without limits', () => {
  it('and those of the settings have no such headers', async () => {
    const gateway = await startAdminGateway({
      env: { DRAGOMAN_KIRO_API_KEY: 'ksk_simulator', DRAGOMAN_API_KEYS: 'from-the-settings' },
    });
    const { secret } = (await gateway.ask('POST', '/v2/keys', { name: 'laptop' })).body;
    for (const key of [secret, 'from-the-settings']) {
      const { chat, message } = clientsOf(gateway, key);
      const names = [...headersOf(await chat()).keys(), ...headersOf(await message()).keys()];
      expect(names.filter((name) => /ratelimit|budget/.test(name))).toEqual([]);
    }
  });
});
