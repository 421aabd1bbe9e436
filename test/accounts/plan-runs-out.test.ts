/** A plan that is used up while requests arrive, and resets on the first of the month. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../support/fake-clock.ts';
import { startTestPool } from '../support/test-pool.ts';

const RESET = Date.UTC(2026, 1, 1);

describe('a plan', () => {
  it('runs out without the client noticing, waits for its reset, and then serves again', async () => {
    const clock = createFakeClock(Date.UTC(2026, 0, 28));
    await using gateway = await startTestPool({
      accounts: [{ id: 'small', credits: { used: 0, limit: 0.05 } }, { id: 'large' }],
      env: { DRAGOMAN_STRATEGY: 'fill-first' },
      clock: clock.now,
      accessTokenLifeS: 10_000_000,
      gatewayClock: clock,
    });
    const openai = new OpenAI({ apiKey: gateway.apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const ask = async () => {
      const messages = [{ role: 'user' as const, content: 'Say hello.' }];
      const { response } = await openai.chat.completions
        .create({ model: 'claude-sonnet-4.5', messages })
        .withResponse();
      return /account="(\w+)"/.exec(response.headers.get('x-dragoman-route') ?? '')?.[1];
    };
    const served: (string | undefined)[] = [];
    for (let request = 0; request < 10; request++) served.push(await ask());
    const bySmall = served.filter((id) => id === 'small').length;
    expect(bySmall).toBeGreaterThan(0);
    expect(served).toEqual([...Array(bySmall).fill('small'), ...Array(10 - bySmall).fill('large')]);
    expect(gateway.chatsSeen()).toEqual({ small: bySmall + 1, large: 10 - bySmall });
    await expect
      .poll(async () => (await gateway.account('small')).health.state)
      .toEqual({ status: 'exhausted', untilMs: RESET, reason: 'quota_exhausted' });
    clock.advance(RESET - clock.now() - 1);
    expect(await ask()).toBe('large');
    clock.advance(1);
    expect(await ask()).toBe('small');
    expect((await gateway.account('small')).health.state).toEqual({ status: 'ready' });
  });
});
