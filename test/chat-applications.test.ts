/**
 * Chat applications as they ask: Open WebUI from the browser and from its server, LobeChat and Chatbox through the
 * OpenAI SDK in a browser. Shapes: the request builders of open-webui (backend/open_webui/routers/openai.py, task
 * prompts in utils/task.py), lobe-chat (packages/model-runtime) and the SDK's own headers.
 */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEvents } from './support/event-stream-text.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const ORIGIN = 'http://chat.example:3000';
const MODEL = 'claude-sonnet-4.5';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

function ask(path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${gateway.apiKey}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

interface Body {
  readonly data: readonly object[];
  readonly choices: readonly { readonly finish_reason: string; readonly message: { readonly content: string } }[];
  readonly usage: { readonly completion_tokens: number };
  readonly error: { readonly code: string; readonly message: string };
}

/** The members of a reply that the tests read. */
async function bodyOf(response: Response): Promise<Body> {
  return (await response.json()) as Body; // each test looks at what its own request brings
}

function lastContent(): string {
  const body = gateway.simulator.chatRequests.at(-1)?.rawBody ?? '{}';
  return JSON.parse(body).conversationState.currentMessage.userInputMessage.content;
}

describe('Open WebUI', () => {
  it('connected directly, asks permission first and lists models with names', async () => {
    const preflight = await fetch(`${gateway.url}/v1/models`, {
      method: 'OPTIONS',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
    const listed = await ask('/v1/models', undefined, { origin: ORIGIN });
    expect(listed.headers.get('access-control-allow-origin')).toMatch(/^(\*|http:\/\/chat\.example:3000)$/);
    const { data } = await bodyOf(listed);
    expect(data).toContainEqual(
      expect.objectContaining({
        id: MODEL,
        object: 'model',
        name: expect.any(String),
        context_length: expect.any(Number),
      }),
    );
  });

  it('behind its server, streams with its user headers, its file references and its stream options', async () => {
    const response = await ask(
      '/v1/chat/completions',
      {
        stream: true,
        model: MODEL,
        messages: [
          { role: 'system', content: 'User Context:\n\n' },
          { role: 'user', content: [{ type: 'text', text: 'Say hello to the chat.' }] },
        ],
        stream_options: { include_usage: true },
        // Its sliders, sent when a user has moved them.
        temperature: 0.8,
        top_p: 0.9,
        frequency_penalty: 0,
        presence_penalty: 0,
        seed: 0,
        max_tokens: 4096,
      },
      {
        'X-OpenWebUI-User-Name': 'Ann%20Example',
        'X-OpenWebUI-User-Id': '4f2c',
        'X-OpenWebUI-User-Email': 'ann@example.org',
        'X-OpenWebUI-User-Role': 'user',
        'X-OpenWebUI-Chat-Id': 'a1b2',
      },
    );
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    const chunks = parseEvents(text);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
    expect(lastContent()).toContain('Say hello to the chat.');
    expect(gateway.simulator.chatRequests.at(-1)?.rawBody).not.toContain('ann@example.org');
  });

  it('asks for a title with a small budget of tokens, and gets what fits', async () => {
    gateway.simulator.addReplies({
      when: { text: '### Task' },
      times: 1,
      steps: ['🌍 A Title As Long As A Novel '.repeat(20)],
    });
    const response = await ask('/v1/chat/completions', {
      model: MODEL,
      messages: [{ role: 'user', content: '### Task:\nGenerate a concise, 3-5 word title with an emoji.' }],
      stream: false,
      max_completion_tokens: 5,
    });
    expect(response.status).toBe(200);
    const { choices, usage } = await bodyOf(response);
    expect(choices[0]?.finish_reason).toBe('length');
    expect(choices[0]?.message.content).not.toBe('');
    expect(usage.completion_tokens).toBeLessThanOrEqual(8);
  });

  it('shows the message of an error', async () => {
    const response = await ask('/v1/chat/completions', { model: MODEL, messages: [] }, { origin: ORIGIN });
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).not.toBeNull();
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('messages') } });
  });
});

describe('LobeChat and Chatbox, which use the OpenAI SDK in a browser', () => {
  it('stream an answer; thinking never comes as tags', async () => {
    gateway.simulator.addReplies({
      when: { text: 'in the browser' },
      times: 1,
      steps: [{ reasoning: 'Let me see.', signature: 'c2ln' }, 'Here you are.'],
    });
    const client = new OpenAI({
      baseURL: `${gateway.url}/v1`,
      apiKey: gateway.apiKey,
      dangerouslyAllowBrowser: true,
      defaultHeaders: { origin: ORIGIN },
    });
    const stream = await client.chat.completions.create({
      model: MODEL,
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: '' },
        { role: 'user', content: 'Answer me in the browser.' },
      ],
    });
    let text = '';
    let reasoning = '';
    for await (const { choices } of stream) {
      const delta: { content?: string | null; reasoning_content?: string } = choices[0]?.delta ?? {};
      text += delta.content ?? '';
      reasoning += delta.reasoning_content ?? '';
    }
    expect(text).toBe('Here you are.');
    expect(reasoning).toBe('Let me see.');
  });

  it('test a connection with a model that does not exist, and read why it failed', async () => {
    const response = await ask('/v1/chat/completions', {
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content: 'hello' }],
    });
    const { error } = await bodyOf(response);
    expect({ status: response.status, code: error.code }).toEqual({ status: 404, code: 'model_not_found' });
    expect(error.message).toContain('gpt-5-mini');
  });
});
