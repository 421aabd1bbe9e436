/** Signing in by URL while the gateway is killed and restarted: a sign-in that has begun can continue. */
import { describe, expect, it } from 'vitest';
import { createHome, runCommand, startCommand } from './support/command.ts';
import { createSimulator, environmentFor } from './support/simulator.ts';

const ADMIN_TOKEN = 'an-admin-token-for-this-test';

describe('a sign-in by URL', () => {
  it('survives a gateway that is killed between any two of its steps', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const { DRAGOMAN_UPSTREAM_URL = '', DRAGOMAN_OIDC_URL = '' } = environmentFor(simulator.url);
    const env = { DRAGOMAN_UPSTREAM_URL, DRAGOMAN_OIDC_URL, DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN };
    const home = createHome();
    const withGateway = async <T>(work: (url: string) => Promise<T>): Promise<T> => {
      const serving = startCommand(['serve', '--port', '0', '--json'], env, home);
      const { url } = JSON.parse(await serving.nextLine());
      const result = await work(url);
      await serving.end('SIGKILL');
      return result;
    };
    const call = async (method: string, url: string) => {
      const answer = await fetch(url, { method, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
      expect(answer.status).toBe(200);
      // Its members are checked below.
      return (await answer.json()) as Record<string, string>;
    };

    const begun = await withGateway((url) => call('POST', `${url}/v2/auth/start`));
    expect(begun).toMatchObject({ status: 'pending', userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/) });
    await fetch(`${begun.verificationUrl}&answer=approve`);
    const claimed = await withGateway((url) => call('POST', `${url}/v2/auth/claim/${begun.authId}`));
    expect(claimed).toMatchObject({ status: 'approved', account: { kind: 'builder-id' } });
    const later = await withGateway((url) => call('GET', `${url}/v2/auth/status/${begun.authId}`));
    expect(later).toMatchObject({ status: 'approved', accountId: expect.any(String) });

    const tokens = simulator.requests.filter(({ operation, status }) => operation === 'CreateToken' && status === 200);
    expect(tokens).toHaveLength(1);
    const chat = await runCommand(['chat', 'Hi'], env, home);
    expect([chat.code, chat.err]).toEqual([0, '']);
  });
});
