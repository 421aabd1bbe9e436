/** Inline completion through the whole program, as the editors ask for it, and the legacy API as a chat. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { IDC_ACCOUNT } from '../src/simulator/default-accounts.ts';
import type { Script } from '../src/simulator/script.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

/** An account with a profile, which some hosts require. */
const ORGANISATION = {
  DRAGOMAN_REFRESH_TOKEN: IDC_ACCOUNT.refreshToken,
  DRAGOMAN_CLIENT_ID: IDC_ACCOUNT.clientId,
  DRAGOMAN_CLIENT_SECRET: IDC_ACCOUNT.clientSecret,
  DRAGOMAN_PROFILE_ARN: IDC_ACCOUNT.profileArn,
};

const P = 'function add(a, b) {\n  return ';
const S = '\n}\n';
const REFERENCE = { licenseName: 'MIT', repository: 'somebody/sums', url: 'https://example.com/sums', extra: 1 };
const REFERENCED: Script = {
  replies: [],
  completions: [{ found: [{ content: 'a + b;', references: [REFERENCE] }, { content: 'sum(a, b);' }] }],
};

function client({ url, apiKey }: TestGateway): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

async function post({ url, apiKey }: TestGateway, path: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${apiKey}`, 'x-api-key': apiKey, 'content-type': 'application/json' };
  return fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

function asked({ simulator }: TestGateway) {
  const bodies = simulator.requests.filter(({ operation }) => operation === 'GenerateCompletions');
  return bodies.map(({ body }) => body as { fileContext: Record<string, unknown>; maxResults: number }); // as the wire has it
}

describe('code at the cursor', () => {
  it("is completed for OpenAI's SDK, whole and streamed as one piece", async () => {
    await using gateway = await startTestGateway();
    const request = { model: 'any-model', prompt: P, suffix: S, max_tokens: 64, temperature: 0 };
    const { data, response } = await client(gateway).completions.create(request).withResponse();
    expect(data).toMatchObject({
      id: expect.stringMatching(/^cmpl-/),
      object: 'text_completion',
      model: 'any-model',
      choices: [{ text: 'a + b;', index: 0, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
    });
    expect(response.headers.get('x-dragoman-adjustments')).toBe(
      'parameter-ignored@temperature; completion-model@model; completion-language-guessed@prompt; max-tokens-emulated@max_tokens',
    );
    expect(response.headers.get('x-dragoman-route')).toContain('profile="q-rest"');
    expect(asked(gateway)[0]?.fileContext).toEqual({
      leftFileContent: P,
      rightFileContent: S,
      filename: 'untitled.js',
      programmingLanguage: { languageName: 'javascript' },
    });
    const stream = await client(gateway).completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.Completion[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.flatMap(({ choices }) => choices.map(({ text, finish_reason }) => [text, finish_reason]))).toEqual([
      ['a + b;', null],
      ['', 'stop'],
    ]);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
  });

  it('has several choices from one request', async () => {
    await using gateway = await startTestGateway();
    const data = await client(gateway).completions.create({ model: 'm', prompt: P, suffix: S, n: 2 });
    expect(data.choices.map(({ text, index }) => [index, text])).toEqual([
      [0, 'a + b;'],
      [1, 'b * a;'],
    ]);
    const stream = await client(gateway).completions.create({ model: 'm', prompt: P, suffix: S, n: 5, stream: true });
    const texts = new Map<number, string>();
    for await (const { choices } of stream)
      for (const { index, text } of choices) texts.set(index, (texts.get(index) ?? '') + text);
    expect([...texts]).toEqual([
      [0, 'a + b;'],
      [1, 'b * a;'],
    ]);
    expect(asked(gateway).map(({ maxResults }) => maxResults)).toEqual([2, 5]);
  });

  it('reports the references of licensed code', async () => {
    await using gateway = await startTestGateway({ script: REFERENCED });
    const told = { license: 'MIT', repository: 'somebody/sums', url: 'https://example.com/sums' };
    const whole = await (await post(gateway, '/v1/completions', { model: 'm', prompt: P, suffix: S, n: 2 })).json();
    expect(whole).toMatchObject({ choices: [{ references: [told] }, { text: 'sum(a, b);' }] });
    expect(JSON.stringify(whole).match(/references/g)).toHaveLength(1);
    const streamed = await (
      await post(gateway, '/v1/completions', { model: 'm', prompt: P, suffix: S, stream: true })
    ).text();
    expect(streamed).toContain(JSON.stringify(told));
  });

  it('omits licensed code if the operator configures it', async () => {
    await using gateway = await startTestGateway({ script: REFERENCED, env: { DRAGOMAN_CODE_REFERENCES: 'block' } });
    const data = await client(gateway).completions.create({ model: 'm', prompt: P, suffix: S });
    expect(data.choices.map(({ text }) => text)).toEqual(['sum(a, b);']);
  });

  it.each(['q-rest', 'q-json', 'kiro-runtime', 'codewhisperer-legacy'])('goes over the wire profile %s', async (id) => {
    await using gateway = await startTestGateway({ env: { DRAGOMAN_WIRE_PROFILE: id, ...ORGANISATION } });
    const data = await client(gateway).completions.create({ model: 'm', prompt: P, suffix: S });
    expect(data.choices[0]?.text).toBe('a + b;');
  });

  it('is reported as an error if the account lacks the feature', async () => {
    const refuse = {
      status: 403,
      name: 'AccessDeniedException',
      message: 'This feature is not supported for this account.',
      reason: 'FEATURE_NOT_SUPPORTED',
    };
    await using gateway = await startTestGateway({ script: { replies: [], completions: [{ refuse }] } });
    for (let i = 0; i < 4; i++) {
      const response = await post(gateway, '/v1/fim/completions', { model: 'm', prompt: P });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(/not supported/i) } });
    }
    const chat = await client(gateway).chat.completions.create({
      model: 'claude-sonnet-4.5',
      messages: [{ role: 'user', content: 'Still there?' }],
    });
    expect(chat.choices[0]?.message.content).not.toBe('');
  });
});

describe("an editor's request", () => {
  it("of Continue: /fim/completions, streamed, read from the delta's content", async () => {
    await using gateway = await startTestGateway();
    const response = await post(gateway, '/v1/fim/completions', {
      model: 'codestral-latest',
      prompt: `// src/shop/add.ts\n${P}`,
      suffix: S,
      max_tokens: 256,
      temperature: 0.01,
      top_p: 1,
      frequency_penalty: 0,
      presence_penalty: 0,
      stop: ['/src/', '#- coding: utf-8', '```'],
      stream: true,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = (await response.text()).split('\n\n').filter((event) => event !== '');
    expect(events.pop()).toBe('data: [DONE]');
    const chunks = events.map((event) => JSON.parse(event.slice('data: '.length)));
    expect(chunks.map(({ choices }) => choices[0].delta.content).join('')).toBe('a + b;');
    expect(chunks.every(({ object }) => object === 'chat.completion.chunk')).toBe(true);
    expect(asked(gateway)[0]?.fileContext).toMatchObject({
      filename: 'src/shop/add.ts',
      programmingLanguage: { languageName: 'typescript' },
    });
  });

  it('of a Codestral client (Zed, Helix): /fim/completions, whole, read from the message', async () => {
    await using gateway = await startTestGateway();
    const body = { model: 'codestral-latest', prompt: P, suffix: S, max_tokens: 150, stop: ['\n\n'] };
    const response = await post(gateway, '/v1/fim/completions', body);
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'a + b;' }, finish_reason: 'stop' }],
    });
  });

  it("of Zed's OpenAI-compatible provider: markers in a bare prompt to /completions", async () => {
    await using gateway = await startTestGateway();
    const response = await post(gateway, '/v1/completions', {
      model: 'qwen2.5-coder',
      prompt: `<|fim_prefix|>${P}<|fim_suffix|>${S}<|fim_middle|>`,
      max_tokens: 64,
      stop: ['<|endoftext|>', '<|file_sep|>', '<|fim_prefix|>'],
      stream: false,
    });
    expect(await response.json()).toMatchObject({ id: expect.any(String), choices: [{ text: 'a + b;' }] });
    expect(asked(gateway)[0]?.fileContext).toMatchObject({ leftFileContent: P, rightFileContent: S });
  });

  it("of llama.vim: llama.cpp's infill, read from the content at the top", async () => {
    await using gateway = await startTestGateway();
    const body = {
      input_prefix: 'function add(a, b) {\n',
      input_suffix: S,
      input_extra: [{ filename: 'b.js', text: 'let b;' }],
      prompt: '  return ',
      n_predict: 128,
      stop: [],
      n_indent: 2,
      top_k: 40,
      top_p: 0.99,
      stream: false,
      samplers: ['top_k', 'top_p', 'infill'],
      cache_prompt: true,
      t_max_prompt_ms: 500,
      t_max_predict_ms: 1000,
    };
    const text = await (await post(gateway, '/v1/fim/completions', body)).text();
    // The plug-in checks this before it parses.
    expect(text).toMatch(/^\s*\{/);
    expect(text).toMatch(/"content"\s*:\s*"a \+ b;"/);
    // Its warm-up request for llama.cpp servers.
    const warmUp = await post(gateway, '/v1/fim/completions', { ...body, prompt: '', n_predict: 0 });
    expect(await warmUp.json()).toMatchObject({ content: '', choices: [{ finish_reason: 'length' }] });
    expect(asked(gateway)).toHaveLength(1);
    const streamed = await (await post(gateway, '/v1/completions', { ...body, stream: true })).text();
    const [first = ''] = streamed.split('\n\n');
    expect(JSON.parse(first.slice('data: '.length))).toMatchObject({ content: 'a + b;', stop: false });
  });

  it('of a Tabby client: segments to /completions', async () => {
    await using gateway = await startTestGateway();
    const segments = { prefix: P, suffix: S, filepath: 'src/add.js' };
    const response = await post(gateway, '/v1/completions', { language: 'javascript', segments });
    expect(await response.json()).toMatchObject({ choices: [{ index: 0, text: 'a + b;' }] });
  });
});

describe('a prompt without a cursor', () => {
  const script: Script = { replies: [{ steps: [{ text: ['Once ', 'there was.\n\nuser: more'] }] }] };

  it('is answered as a chat, whole and streamed', async () => {
    await using gateway = await startTestGateway({ script });
    const request = { model: 'claude-sonnet-4.5', prompt: 'Tell me.', stop: ['\nuser:'], echo: true };
    const whole = await client(gateway).completions.create(request);
    expect(whole.choices).toEqual([
      { text: 'Tell me.Once there was.\n', index: 0, logprobs: null, finish_reason: 'stop' },
    ]);
    const stream = await client(gateway).completions.create({ ...request, stream: true });
    let text = '';
    for await (const { choices } of stream) text += choices[0]?.text ?? '';
    expect(text).toBe('Tell me.Once there was.\n');
    expect(gateway.simulator.requests.some(({ operation }) => operation === 'GenerateCompletions')).toBe(false);
  });

  it('may have several choices', async () => {
    await using gateway = await startTestGateway({ script });
    const whole = await client(gateway).completions.create({ model: 'claude-sonnet-4.5', prompt: 'Tell me.', n: 2 });
    expect(whole.choices.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('ends with an error event when the reply breaks off', async () => {
    const broken: Script = { replies: [{ steps: [{ text: ['Once'] }, { gapMs: 20 }, { cut: 'reset' }] }] };
    await using gateway = await startTestGateway({ script: broken });
    const stream = await client(gateway).completions.create({ model: 'claude-sonnet-4.5', prompt: 'x', stream: true });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { choices } of stream) seen.push(choices[0]?.text ?? '');
    })();
    await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(seen).toEqual(['Once']);
  });
});
