/** Accounts whose token or signing keys cannot be obtained, among working accounts: clients do not notice. */
import { createServer } from 'node:net';
import OpenAI from 'openai';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Credential } from '../../src/accounts/credentials.ts';
import { NEW_ACCOUNT } from '../../src/accounts/health.ts';
import type { NewAccount } from '../../src/accounts/ports.ts';
import { createHome, runCommand } from '../support/command.ts';
import { awsCredential } from '../support/fake-accounts.ts';
import { startTestPool, type TestPool } from '../support/test-pool.ts';

const ADMIN_TOKEN = 'marked-admin-token-0123456789';

beforeEach(() => {
  // Keeps out AWS keys of this machine and of an instance.
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
  return () => vi.unstubAllEnvs();
});

function broken(credential: Credential, more: Partial<NewAccount> = {}): NewAccount {
  return {
    id: 'broken',
    label: 'Broken',
    source: { type: 'sign-in' },
    credential,
    accessToken: undefined,
    health: NEW_ACCOUNT,
    ...more,
  };
}

async function ask(gateway: TestPool, conversation: string): Promise<void> {
  const openai = new OpenAI({ apiKey: gateway.apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: `Hello ${conversation}.` }];
  await openai.chat.completions.create({ model: 'claude-sonnet-4.5', messages });
}

const accountList = z.object({
  accounts: z.array(
    z.object({
      id: z.string(),
      state: z.object({ status: z.string(), reason: z.string().nullable(), message: z.string().nullable() }),
    }),
  ),
});

async function stateAtAdminApi(gateway: TestPool, id: string) {
  const response = await fetch(`${gateway.url}/v2/accounts`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  return accountList.parse(await response.json()).accounts.find((account) => account.id === id)?.state;
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : expect.fail();
}

const KEYLESS: Credential = { kind: 'iam', region: 'us-east-1', awsProfile: undefined };

describe('one account without credentials among eleven that work', () => {
  it.each([
    ['an IAM account whose credential chain has no keys', async () => broken(KEYLESS), /returned no keys/],
    [
      'an account whose proxy is down',
      async () => broken(awsCredential('aor-broken'), { proxy: `http://127.0.0.1:${await closedPort()}` }),
      /Could not connect to/,
    ],
    [
      'an IAM account whose AWS profile does not exist',
      async () => broken({ ...KEYLESS, awsProfile: 'missing' }),
      /The AWS profile "missing" returned no keys/,
    ],
  ] as const)('%s: no request fails, and the account says why it is aside', async (_name, account, why) => {
    const accounts = Array.from({ length: 11 }, (_, index) => ({ id: `good-${index}` }));
    await using gateway = await startTestPool({
      accounts,
      unknown: [await account()],
      env: { DRAGOMAN_STRATEGY: 'round-robin', DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN },
    });
    for (let i = 0; i < 51; i++) await ask(gateway, `${i}`);
    expect(await stateAtAdminApi(gateway, 'broken')).toMatchObject({ message: expect.stringMatching(why) });
    const served = Object.values(gateway.chatsSeen()).reduce((sum, count) => sum + count, 0);
    expect(served).toBe(51);
    const show = await runCommand(['accounts', 'show', 'broken'], gateway.env, createHome());
    expect(show.out).toMatch(why);
  });
});

describe('the only account', () => {
  it('without keys causes 503 with a retry time and the reason', async () => {
    await using gateway = await startTestPool({
      accounts: [],
      unknown: [broken(KEYLESS)],
      env: { DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN },
    });
    for (const wait of ['first', 'second']) {
      const refused = await ask(gateway, wait).then(
        () => expect.fail('expected a rejection'),
        (cause: unknown) => cause,
      );
      expect(refused).toMatchObject({ status: 503, message: expect.stringContaining('returned no keys') });
      if (!(refused instanceof OpenAI.APIError)) expect.fail();
      expect(Number(refused.headers?.get('retry-after'))).toBeGreaterThan(25);
    }
    expect(await stateAtAdminApi(gateway, 'broken')).toMatchObject({
      status: 'cooling',
      reason: 'credential_unavailable',
    });
    const show = await runCommand(['accounts', 'show', 'broken'], gateway.env, createHome());
    expect(show.out).toMatch(/cooling for \d+ s \(credential_unavailable\)/);
  });
});
