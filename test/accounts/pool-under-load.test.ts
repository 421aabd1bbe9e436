/**
 * A pool that must feel like one account that never fails: four of five accounts fail, each in its own way, while many
 * requests come through an official SDK that does not retry.
 */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { scaled } from '../support/scale.ts';
import { startTestPool, type TestPool } from '../support/test-pool.ts';

const REQUESTS = scaled({ usual: 200, full: 1_000 });
const AT_ONCE = 20;

const ACCOUNTS = [
  { id: 'good' },
  { id: 'signed-out', state: 'revoked' },
  { id: 'used-up', credits: { used: 50, limit: 50 } },
  { id: 'suspended', state: 'suspended' },
  { id: 'suspicious' },
] as const;

const SUSPICIOUS = {
  when: { account: 'suspicious' },
  refuse: {
    status: 429,
    name: 'ThrottlingException',
    message: 'Due to suspicious activity, we are imposing temporary limits on how frequently you can send requests.',
    reason: null,
  },
};

async function askMany(gateway: TestPool): Promise<{ answers: number; errors: unknown[] }> {
  const openai = new OpenAI({ apiKey: gateway.apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  const errors: unknown[] = [];
  let answers = 0;
  let next = 0;
  const work = async () => {
    for (let number = next++; number < REQUESTS; number = next++) {
      try {
        const stream = number % 2 === 0;
        const messages = [{ role: 'user' as const, content: `Conversation ${number}: say hello.` }];
        const body = { model: 'claude-sonnet-4.5', messages };
        let text = '';
        if (stream) {
          for await (const chunk of await openai.chat.completions.create({ ...body, stream }))
            text += chunk.choices[0]?.delta.content ?? '';
        } else text = (await openai.chat.completions.create(body)).choices[0]?.message.content ?? '';
        if (text !== '') answers++;
      } catch (cause) {
        errors.push(cause);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { answers, errors };
}

describe.each(['sticky', 'round-robin'])(
  `${REQUESTS} requests over five accounts of which four fail, %s`,
  (strategy) => {
    it('reach the client without an error; each failing account is skipped for its own reason', async () => {
      const options = { accounts: ACCOUNTS, script: { replies: [SUSPICIOUS] }, env: { DRAGOMAN_STRATEGY: strategy } };
      await using gateway = await startTestPool(options);
      const { answers, errors } = await askMany(gateway);
      expect(errors).toEqual([]);
      expect(answers).toBe(REQUESTS);

      const stateOf = async (id: string) => (await gateway.account(id)).health.state;
      await expect.poll(() => stateOf('used-up')).toMatchObject({ status: 'exhausted', reason: 'quota_exhausted' });
      const reset = new Date();
      const resetMs = Date.UTC(reset.getUTCFullYear(), reset.getUTCMonth() + 1, 1);
      await expect.poll(async () => stateOf('used-up')).toMatchObject({ untilMs: resetMs });
      expect(await stateOf('good')).toEqual({ status: 'ready' });
      expect(await stateOf('signed-out')).toEqual({ status: 'signed-out' });
      expect(await stateOf('suspended')).toMatchObject({ status: 'suspended' });
      expect(await stateOf('suspicious')).toMatchObject({ status: 'cooling', reason: 'account_throttled' });

      const { good, ...bad } = gateway.chatsSeen();
      expect(good).toBe(REQUESTS);
      // Only requests sent before the first refusal arrived.
      for (const seen of Object.values(bad)) {
        expect(seen).toBeGreaterThan(0);
        expect(seen).toBeLessThanOrEqual(AT_ONCE);
      }
      expect(gateway.callsSeen('signed-out').CreateToken).toBe(1);
    }, 120_000);
  },
);
