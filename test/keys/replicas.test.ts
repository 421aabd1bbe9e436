/** Two gateways on one PostgreSQL server: a change of a key is seen at once, and its limits are shared. */
import OpenAI from 'openai';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startAdminGateway } from '../support/admin.ts';
import { createTestDatabase } from '../support/postgres.ts';

async function startReplicas() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const env = {
    DRAGOMAN_DATABASE_URL: database.url,
    DRAGOMAN_SECRET_KEY: 'k'.repeat(32),
    DRAGOMAN_KIRO_API_KEY: 'ksk_simulator',
  };
  return [await startAdminGateway({ env }), await startAdminGateway({ env })] as const;
}

function chatWith(url: string, apiKey: string) {
  const openai = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
  return async () => {
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const answer = openai.chat.completions.create({ model: 'claude-haiku-4.5', messages });
    return answer.then(
      () => 200,
      (error: InstanceType<typeof OpenAI.APIError>) => error.status,
    );
  };
}

describe('replicas', () => {
  it('share the requests a minute of a key', async () => {
    const [one, other] = await startReplicas();
    const { secret } = (await one.ask('POST', '/v2/keys', { name: 'laptop', requestsPerMinute: 3 })).body;
    const [here, there] = [chatWith(one.url, secret), chatWith(other.url, secret)];
    const statuses = [await there(), await here(), await there(), await here(), await there()];
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  it('see a new, changed, disabled, rotated and revoked key of the other', async () => {
    const [one, other] = await startReplicas();
    const { key, secret } = (await one.ask('POST', '/v2/keys', { name: 'laptop' })).body;
    const there = chatWith(other.url, secret);
    const seen = (status: number) => vi.waitFor(async () => expect(await there()).toBe(status), { timeout: 5_000 });
    expect(await there()).toBe(200);
    await one.ask('PATCH', `/v2/keys/${key.id}`, { models: ['claude-opus-*'] });
    await seen(404);
    await one.ask('PATCH', `/v2/keys/${key.id}`, { models: null, enabled: false });
    await seen(401);
    await one.ask('PATCH', `/v2/keys/${key.id}`, { enabled: true });
    await seen(200);
    const rotated = (await one.ask('POST', `/v2/keys/${key.id}/rotate`, { graceSeconds: 3_600 })).body;
    expect([await chatWith(other.url, rotated.secret)(), await there()]).toEqual([200, 200]);
    await one.ask('DELETE', `/v2/keys/${key.id}`);
    await seen(401);
    expect(await chatWith(other.url, rotated.secret)()).toBe(401);
  });
});
