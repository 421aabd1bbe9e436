/** Accounts whose plans include different models: each request goes where its model is. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { startTestPool, type TestPool } from '../support/test-pool.ts';

const OPUS = 'claude-opus-4.5';
const SONNET = 'claude-sonnet-4.5';

const startTestGateway = (strategy: string) =>
  startTestPool({
    accounts: [
      { id: 'free', modelIds: [SONNET] },
      { id: 'pro', modelIds: [SONNET, OPUS] },
    ],
    env: { DRAGOMAN_STRATEGY: strategy },
  });

async function ask({ url, apiKey }: TestPool, model: string, content: string): Promise<string> {
  const openai = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content }];
  const { response } = await openai.chat.completions.create({ model, messages }).withResponse();
  return response.headers.get('x-dragoman-route') ?? '';
}

describe('a model that only one account has', () => {
  it.each(['sticky', 'fill-first', 'round-robin'])(
    'is asked for there, from the first request on, %s',
    async (strategy) => {
      await using gateway = await startTestGateway(strategy);
      const routes: string[] = [];
      for (let number = 0; number < 8; number++) routes.push(await ask(gateway, OPUS, `Question ${number}`));
      for (const route of routes) expect(route).toMatch(/^account="pro", .*attempt=1/);
      expect(gateway.chatsSeen()).toEqual({ free: 0, pro: 8 });
      expect((await gateway.account('free')).health).toMatchObject({ state: { status: 'ready' }, failures: 0 });
    },
  );

  it('is found under its other names, and the reason is reported', async () => {
    await using gateway = await startTestGateway('fill-first');
    const [first, second] = [
      await ask(gateway, 'claude-opus-4-5', 'One'),
      await ask(gateway, 'claude-opus-4-5', 'Two'),
    ];
    expect(first).toContain('account="pro"');
    expect(second).toContain('candidates=1, passed=("free";why=model)');
    expect(await ask(gateway, SONNET, 'Three')).toContain('account="free"');
  });

  it('that no account has is left to the service, whose refusal reaches the client', async () => {
    await using gateway = await startTestGateway('fill-first');
    await expect(ask(gateway, 'claude-opus-9.9', 'One')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    expect(gateway.chatsSeen()).toEqual({ free: 1, pro: 0 });
    expect(gateway.callsSeen('pro').ListAvailableModels).toBe(1);
  });
});
