/** Accounts whose plans include different models: each request goes where its model is. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { openPoolHouse, type PoolHouse } from '../support/pool-house.ts';

const OPUS = 'claude-opus-4.5';
const SONNET = 'claude-sonnet-4.5';

const openHouse = (strategy: string) =>
  openPoolHouse({
    accounts: [
      { id: 'free', modelIds: [SONNET] },
      { id: 'pro', modelIds: [SONNET, OPUS] },
    ],
    env: { DRAGOMAN_STRATEGY: strategy },
  });

async function ask({ url, apiKey }: PoolHouse, model: string, content: string): Promise<string> {
  const openai = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content }];
  const { response } = await openai.chat.completions.create({ model, messages }).withResponse();
  return response.headers.get('x-dragoman-route') ?? '';
}

describe('a model which only one account has', () => {
  it.each(['sticky', 'fill-first', 'round-robin'])(
    'is asked for there, from the first request on, %s',
    async (strategy) => {
      await using house = await openHouse(strategy);
      const routes: string[] = [];
      for (let number = 0; number < 8; number++) routes.push(await ask(house, OPUS, `Question ${number}`));
      for (const route of routes) expect(route).toMatch(/^account="pro", .*attempt=1/);
      expect(house.chatsSeen()).toEqual({ free: 0, pro: 8 });
      expect((await house.account('free')).health).toMatchObject({ state: { status: 'ready' }, failures: 0 });
    },
  );

  it('is known under its other names too, and the reason is told', async () => {
    await using house = await openHouse('fill-first');
    const [first, second] = [await ask(house, 'claude-opus-4-5', 'One'), await ask(house, 'claude-opus-4-5', 'Two')];
    expect(first).toContain('account="pro"');
    expect(second).toContain('candidates=1, passed=("free";why=model)');
    expect(await ask(house, SONNET, 'Three')).toContain('account="free"');
  });

  it('which nobody has is left to the service, whose refusal the client hears', async () => {
    await using house = await openHouse('fill-first');
    await expect(ask(house, 'claude-opus-9.9', 'One')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    expect(house.chatsSeen()).toEqual({ free: 1, pro: 0 });
    expect(house.callsSeen('pro').ListAvailableModels).toBe(1);
  });
});
