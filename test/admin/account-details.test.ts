/** `GET /v2/accounts?details=true`: all that the Accounts page shows in one answer, which waits for no account. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AccountList } from '../../src/http/admin/contract/account.ts';
import { DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { createSimulator } from '../support/simulator.ts';

const BUILDER_ID = {
  refreshToken: DEFAULT_ACCOUNT.refreshToken,
  clientId: DEFAULT_ACCOUNT.clientId,
  clientSecret: DEFAULT_ACCOUNT.clientSecret,
};

async function listDetails({ ask }: AdminGateway): Promise<AccountList> {
  return JSON.parse((await ask('GET', '/v2/accounts?details=true')).text);
}

/** The simulator behind a server that answers nothing until it is opened. */
async function createSlowService() {
  const simulator = await createSimulator();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let waiting = 0;
  const server = createServer(async (request, response) => {
    waiting++;
    await opened;
    const { method = 'GET', url = '/' } = request;
    const headers = Object.entries(request.headers).filter(
      ([name]) => !/^(?:host|connection|content-length)$/.test(name),
    );
    const body = method === 'GET' ? null : await buffer(request);
    const answer = await fetch(`${simulator.url}${url}`, { method, headers: headers as [string, string][], body });
    const type = answer.headers.get('content-type') ?? 'application/json';
    response.writeHead(answer.status, { 'content-type': type }).end(await answer.bytes());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    open();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { simulator, url: `http://127.0.0.1:${port}`, open, waiting: () => waiting };
}

describe('the list of accounts with details', () => {
  it('does not wait for the service, and has the usage once it has been read', async () => {
    const service = await createSlowService();
    const gateway = await startAdminGateway({
      simulator: service.simulator,
      env: { DRAGOMAN_UPSTREAM_URL: service.url },
    });
    await gateway.ask('POST', '/v2/accounts', { ...BUILDER_ID, label: 'slow' });
    expect((await listDetails(gateway)).accounts).toMatchObject([{ label: 'slow', usage: null, hours: [] }]);
    await expect.poll(service.waiting).toBe(1);
    // A second look does not ask again.
    expect((await listDetails(gateway)).accounts).toMatchObject([{ usage: null }]);
    service.open();
    await expect
      .poll(async () => (await listDetails(gateway)).accounts[0]?.usage)
      .toMatchObject({ limit: expect.any(Number), used: expect.any(Number), readAt: expect.any(String), error: null });
    expect(service.waiting()).toBe(1);
  });

  it('says why the usage of an account is not known', async () => {
    const gateway = await startAdminGateway();
    await gateway.ask('POST', '/v2/accounts', { refreshToken: `aorDEAD${'x'.repeat(120)}`, label: 'dead' });
    await expect
      .poll(async () => (await listDetails(gateway)).accounts[0]?.usage)
      .toMatchObject({ used: null, limit: null, readAt: null, error: { code: 'credential_rejected' } });
  });

  it('reads the plan of a replaced credential at once, and after a refresh', async () => {
    const gateway = await startAdminGateway();
    const dead = { ...BUILDER_ID, refreshToken: `aorDEAD${'x'.repeat(120)}` };
    const { account } = (await gateway.ask('POST', '/v2/accounts', dead)).body;
    const usage = async () => (await listDetails(gateway)).accounts[0]?.usage;
    await expect.poll(usage).toMatchObject({ error: { code: 'credential_rejected' } });
    await gateway.ask('PATCH', `/v2/accounts/${account.id}`, BUILDER_ID);
    await expect.poll(usage).toMatchObject({ limit: expect.any(Number), error: null });
    const first = await usage();
    expect((await gateway.ask('POST', `/v2/accounts/${account.id}/refresh`)).status).toBe(200);
    await expect
      .poll(async () => Date.parse((await usage())?.readAt ?? ''))
      .toBeGreaterThan(Date.parse(first?.readAt ?? ''));
  });

  it('has the replies of the last hours, what was learned, and the trash; without details it has none of them', async () => {
    const gateway = await startAdminGateway();
    await gateway.ask('POST', '/v2/accounts', { ...BUILDER_ID, label: 'used' });
    const chat = (model: string) => {
      const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] });
      return fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body });
    };
    expect((await chat('auto')).status).toBe(200);
    await expect
      .poll(async () => (await listDetails(gateway)).accounts[0]?.hours)
      .toEqual([{ from: expect.stringMatching(/:00:00\.000Z$/), requests: 1, errors: 0 }]);
    const [used] = (await listDetails(gateway)).accounts;
    expect(used).toMatchObject({ learned: { wireProfile: null, readings: [] } });
    expect(JSON.parse((await gateway.ask('GET', '/v2/accounts')).text)).not.toHaveProperty('trash');
    const plain = (await gateway.ask('GET', '/v2/accounts')).body.accounts[0];
    for (const field of ['usage', 'hours', 'learned']) expect(plain).not.toHaveProperty(field);
    await gateway.ask('DELETE', `/v2/accounts/${used?.id}`);
    expect(await listDetails(gateway)).toMatchObject({ accounts: [], trash: [{ id: used?.id, label: 'used' }] });
  });

  it('has no hours while the ledger is off', async () => {
    const gateway = await startAdminGateway({ env: { DRAGOMAN_LEDGER: 'no' } });
    await gateway.ask('POST', '/v2/accounts', BUILDER_ID);
    expect((await listDetails(gateway)).accounts).toMatchObject([{ hours: null }]);
  });
});
