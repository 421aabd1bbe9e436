/** Model names as clients write them, sent to each endpoint, and what reaches the simulated service. */
import { describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const ENDPOINTS = [
  { path: '/v1/chat/completions', body: { messages: [{ role: 'user', content: 'x' }] } },
  { path: '/v1/responses', body: { input: 'x' } },
  { path: '/v1/messages', body: { max_tokens: 9_000, messages: [{ role: 'user', content: 'x' }] } },
] as const;
const [CHAT, , MESSAGES] = ENDPOINTS;

async function post({ url, apiKey }: TestGateway, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  return fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** The upstream request, and the rules in the response's notes. */
async function ask(gateway: TestGateway, endpoint: (typeof ENDPOINTS)[number], body: object) {
  const answer = await post(gateway, endpoint.path, { ...endpoint.body, ...body });
  const reply = (await answer.json()) as { content: { type: string }[] };
  expect([answer.status, reply]).toEqual([200, expect.anything()]);
  const sent = JSON.parse(gateway.takeChatRequest(() => true) ?? '{}');
  const notes = (answer.headers.get('x-dragoman-adjustments') ?? '').match(/[a-z-]+(?=@model)/g) ?? [];
  const modelId = sent.conversationState?.currentMessage.userInputMessage.modelId;
  return { modelId, settings: sent.additionalModelRequestFields, sent: JSON.stringify(sent), notes, reply };
}

describe.each(ENDPOINTS)('a model name at $path', (endpoint) => {
  it('reaches the service as the version it names, its suffix as an effort', async () => {
    await using gateway = await startTestGateway();
    const { modelId, settings, notes } = await ask(gateway, endpoint, {
      model: 'anthropic/claude-4.8-opus-xhigh-fast',
    });
    expect(modelId).toBe('claude-opus-4.8');
    expect(settings.output_config).toEqual({ effort: 'xhigh' });
    expect(notes).toEqual(['model-alias', 'model-suffix-ignored', 'reasoning-named']);
  });

  it('gives a GPT model its effort', async () => {
    await using gateway = await startTestGateway();
    const { modelId, settings } = await ask(gateway, endpoint, { model: 'gpt-5.6-terra(high)' });
    expect([modelId, settings]).toEqual(['gpt-5.6-terra', { reasoning: { effort: 'high' } }]);
  });

  it.each(['gpt-4o', 'codewhisperer', 'anything at all'])('is answered by the default model for %s', async (model) => {
    await using gateway = await startTestGateway();
    const { modelId, notes } = await ask(gateway, endpoint, { model });
    expect([modelId, notes]).toEqual(['auto', ['model-default']]);
  });

  it('is rejected without a known family if the operator configures it', async () => {
    await using gateway = await startTestGateway({ env: { DRAGOMAN_UNKNOWN_MODELS: 'refuse' } });
    const answer = await post(gateway, endpoint.path, { ...endpoint.body, model: 'gpt-4o' });
    expect(answer.status).toBe(404);
    expect(JSON.stringify(await answer.json())).toMatch(/no model named .{0,4}gpt-4o.*Did you mean gpt-5\.6-sol/);
    expect(gateway.takeChatRequest(() => true)).toBeUndefined();
    await ask(gateway, endpoint, { model: 'default' });
  });

  it('gets a suggestion in the error if it looks mistyped', async () => {
    await using gateway = await startTestGateway();
    const answer = await post(gateway, endpoint.path, { ...endpoint.body, model: 'claude-sonet-4.5' });
    expect([answer.status, JSON.stringify(await answer.json())]).toEqual([
      404,
      expect.stringMatching(/claude-sonet-4\.5.*Did you mean claude-sonnet-4\.5\?/),
    ]);
  });

  it('is rejected for a version that the account lacks, with the available ones', async () => {
    await using gateway = await startTestGateway();
    const answer = await post(gateway, endpoint.path, { ...endpoint.body, model: 'claude-opus-9.9-high' });
    expect(answer.status).toBe(404);
    expect(JSON.stringify(await answer.json())).toMatch(/claude-opus-9\.9-high.*Did you mean claude-opus-/);
    const raw = gateway.takeChatRequest(() => true) ?? '';
    expect(raw).toContain('"modelId":"claude-opus-9.9"');
  });
});

describe('thinking in a model name', () => {
  it('is requested upstream and shown as blocks by Messages', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps: [{ reasoning: 'Hm.' }, 'Yes.'] }] } });
    const { settings, reply } = await ask(gateway, MESSAGES, { model: 'claude-opus-4.8:thinking' });
    expect(settings.thinking).toEqual({ type: 'adaptive', display: 'summarized' });
    expect(reply.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
  });

  it('stays hidden if the name requests only an effort', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps: [{ reasoning: 'Hm.' }, 'Yes.'] }] } });
    const { reply } = await ask(gateway, MESSAGES, { model: 'claude-opus-4.8-high' });
    expect(reply.content.map(({ type }) => type)).toEqual(['text']);
  });

  it('is overridden by the request, with a note', async () => {
    await using gateway = await startTestGateway();
    const body = { model: 'claude-opus-4.8-high-thinking', thinking: { type: 'disabled' } };
    const { settings, notes, reply } = await ask(gateway, MESSAGES, body);
    expect(settings?.thinking?.type).not.toBe('adaptive');
    expect(notes).toContain('reasoning-named-overridden');
    expect(reply.content.map(({ type }) => type)).toEqual(['text']);
  });

  it('is overridden by an effort in the request', async () => {
    await using gateway = await startTestGateway();
    const { settings, notes } = await ask(gateway, CHAT, { model: 'claude-opus-4.8-max', reasoning_effort: 'low' });
    expect(settings.output_config).toEqual({ effort: 'low' });
    expect(notes).toContain('reasoning-named-overridden');
  });
});
