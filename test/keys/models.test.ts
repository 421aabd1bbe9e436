/** Keys that may use only some models or accounts, as clients of both vendors meet them. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';

const HAIKU = 'claude-haiku-4.5';
const SONNET = 'claude-sonnet-4.5';
const MESSAGES = [{ role: 'user' as const, content: 'Hello' }];

async function startWithKey(fields: object): Promise<AdminGateway & { readonly secret: string }> {
  const gateway = await startAdminGateway({ env: { DRAGOMAN_KIRO_API_KEY: 'ksk_simulator' } });
  const made = await gateway.ask('POST', '/v2/keys', { name: 'laptop', ...fields });
  expect(made.status).toBe(201);
  return { ...gateway, secret: made.body.secret };
}

describe('a key with allowed models', () => {
  it('lists and gets only those', async () => {
    const { url, secret } = await startWithKey({ models: ['claude-haiku-*'] });
    const openai = new OpenAI({ apiKey: secret, baseURL: `${url}/v1`, maxRetries: 0 });
    const ids = (await openai.models.list()).data.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.filter((id) => !id.startsWith('claude-haiku-'))).toEqual([]);
    expect((await openai.models.retrieve(HAIKU)).id).toBe(HAIKU);
    await expect(openai.models.retrieve(SONNET)).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('is answered by them, and by no other model: 404 on the model', async () => {
    const { url, secret, simulator } = await startWithKey({ models: ['claude-haiku-*'] });
    const openai = new OpenAI({ apiKey: secret, baseURL: `${url}/v1`, maxRetries: 0 });
    const anthropic = new Anthropic({ apiKey: secret, baseURL: url, maxRetries: 0 });
    const refusal = { status: 404, message: expect.stringContaining('may not use the model') };
    // Before and after the models are known.
    for (const model of [SONNET, 'gpt-4o', HAIKU, SONNET, 'claude-sonnet-4-5-20250929', 'gpt-4o']) {
      const chat = openai.chat.completions.create({ model, messages: MESSAGES });
      if (model === HAIKU) expect((await chat).choices[0]?.message.content).not.toBe('');
      else await expect(chat).rejects.toMatchObject({ ...refusal, code: 'model_not_found', param: 'model' });
    }
    const chats = simulator.requests.length;
    await expect(openai.responses.create({ model: SONNET, input: 'Hello' })).rejects.toMatchObject(refusal);
    await expect(openai.completions.create({ model: 'codestral', prompt: 'a', suffix: 'b' })).rejects.toMatchObject(
      refusal,
    );
    const message = anthropic.messages.create({ model: SONNET, max_tokens: 50, messages: MESSAGES });
    await expect(message).rejects.toMatchObject({
      status: 404,
      error: { error: { type: 'not_found_error', message: expect.stringContaining(SONNET) } },
    });
    expect(simulator.requests.length).toBe(chats);
    expect((await anthropic.messages.create({ model: HAIKU, max_tokens: 50, messages: MESSAGES })).model).toBe(HAIKU);
  });

  it('may use every model again once the list is cleared', async () => {
    const { url, secret, ask } = await startWithKey({ models: ['claude-haiku-*'] });
    const { key } = (await ask('PATCH', `/v2/keys/${await onlyKey(ask)}`, { models: null })).body;
    expect(key.models).toBeNull();
    const openai = new OpenAI({ apiKey: secret, baseURL: `${url}/v1`, maxRetries: 0 });
    expect((await openai.models.list()).data.map(({ id }) => id)).toContain(SONNET);
  });
});

describe('a key with an account group', () => {
  it('is served by the accounts of the group alone', async () => {
    const { url, secret, ask } = await startWithKey({ group: 'team-a' });
    const openai = new OpenAI({ apiKey: secret, baseURL: `${url}/v1`, maxRetries: 0 });
    const chat = (headers: Record<string, string> = {}) =>
      openai.chat.completions.create({ model: HAIKU, messages: MESSAGES }, { headers });
    await expect(chat()).rejects.toMatchObject({ status: 400, message: expect.stringContaining('group team-a') });
    const [account] = (await ask('GET', '/v2/accounts')).body.accounts;
    await ask('PATCH', `/v2/accounts/${account?.id}`, { groups: ['team-a'] });
    expect((await chat()).choices).toHaveLength(1);
    expect((await chat({ 'x-dragoman-group': 'team-a' })).choices).toHaveLength(1);
    const other = chat({ 'x-dragoman-group': 'team-b' });
    await expect(other).rejects.toMatchObject({ status: 400, param: 'x-dragoman-group' });
  });
});

async function onlyKey(ask: AdminGateway['ask']): Promise<string> {
  return (await ask('GET', '/v2/keys')).body.keys[0]?.id ?? '';
}
