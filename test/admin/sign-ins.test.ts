/** `/v2/auth`: signing in by URL, confirmed by the simulator. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IDC_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { startAdminGateway } from '../support/admin.ts';
import { createHome } from '../support/command.ts';
import { createSimulator } from '../support/simulator.ts';

describe('signing in by URL', () => {
  it.each([
    ['Builder ID', {}, 'builder-id'],
    ['Identity Center', { startUrl: IDC_ACCOUNT.startUrl, region: IDC_ACCOUNT.region }, 'idc'],
    ['Google', { social: 'google' }, 'social'],
    ['GitHub', { social: 'github' }, 'social'],
  ])('with %s: start, confirm, status, claim', async (_, request, kind) => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const { ask } = await startAdminGateway({ simulator });
    const started = await ask('POST', '/v2/auth/start', { ...request, label: 'from afar' });
    expect(started.status).toBe(200);
    expect(started.body).toMatchObject({
      status: 'pending',
      verificationUrl: expect.stringContaining(simulator.url),
      userCode: expect.any(String),
      accountId: null,
    });
    const { authId, userCode } = started.body;
    const early = await ask('POST', `/v2/auth/claim/${authId}`, { waitMs: 0 });
    expect(early.body).toMatchObject({ authId, status: 'pending' });
    simulator.approve(userCode);
    const claimed = await ask('POST', `/v2/auth/claim/${authId}`);
    expect(claimed.body).toMatchObject({
      status: 'approved',
      account: { kind, label: 'from afar', state: { status: 'ready' } },
    });
    const again = await ask('POST', `/v2/auth/claim/${authId}`);
    expect(again.body.account.id).toBe(claimed.body.account.id);
    const status = await ask('GET', `/v2/auth/status/${authId}`);
    expect(status.body).toMatchObject({ status: 'approved', accountId: claimed.body.account.id });
    expect((await ask('GET', '/v2/accounts')).body.accounts).toHaveLength(1);
  });

  it('returns the names of RFC 8628 beside our own', async () => {
    const simulator = await createSimulator({ pollIntervalS: 2 });
    const { ask } = await startAdminGateway({ simulator });
    const { body } = await ask('POST', '/v2/auth/start', { label: 'mine', enabled: true });
    expect(body.verificationUriComplete).toBe(body.verificationUrl);
    expect(body.verificationUriComplete).toContain(body.userCode);
    expect(body.verificationUri).not.toContain(body.userCode);
    expect(body.interval).toBe(2);
    expect(body.expiresIn).toBeGreaterThan(290);
    expect(body.expiresIn).toBeLessThanOrEqual(300);
    expect((await ask('GET', `/v2/auth/status/${body.authId}`)).body).toMatchObject({
      verificationUri: body.verificationUri,
      interval: 2,
    });
  });

  it('stores the account disabled with enabled: false', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const { ask } = await startAdminGateway({ simulator });
    const { authId, userCode } = (await ask('POST', '/v2/auth/start', { enabled: false })).body;
    simulator.approve(userCode);
    const { account } = (await ask('POST', `/v2/auth/claim/${authId}`)).body;
    expect(account).toMatchObject({ enabled: false, state: { status: 'disabled', by: 'operator' } });
  });

  it('needs no body', async () => {
    const { ask } = await startAdminGateway();
    expect((await ask('POST', '/v2/auth/start')).body).toMatchObject({ status: 'pending' });
  });

  it('denied by the user is reported as such, and stores nothing', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const { ask } = await startAdminGateway({ simulator });
    const { authId, userCode } = (await ask('POST', '/v2/auth/start')).body;
    simulator.deny(userCode);
    const claimed = await ask('POST', `/v2/auth/claim/${authId}`);
    expect([claimed.status, claimed.body.error.code]).toEqual([409, 'credential_rejected']);
    expect((await ask('GET', `/v2/auth/status/${authId}`)).body.status).toBe('denied');
    expect((await ask('GET', '/v2/accounts')).body.accounts).toEqual([]);
  });

  it('survives a restart of the gateway', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const env = {
      DRAGOMAN_DATABASE_URL: `sqlite:${join(createHome(), 'dragoman.db')}`,
      DRAGOMAN_SECRET_KEY: randomBytes(32).toString('base64'),
    };
    const before = await startAdminGateway({ simulator, env });
    const { authId, userCode } = (await before.ask('POST', '/v2/auth/start')).body;
    await before.stop();
    simulator.approve(userCode);
    const after = await startAdminGateway({ simulator, env });
    const claimed = await after.ask('POST', `/v2/auth/claim/${authId}`);
    expect(claimed.body).toMatchObject({ status: 'approved', account: { kind: 'builder-id' } });
  });

  it.each<[string, unknown, string]>([
    ['an unknown region', { region: 'mars' }, 'region'],
    ['an invalid start URL', { startUrl: 'ftp://x' }, 'startUrl'],
    ['a malformed ARN', { profileArn: 'arn' }, 'profileArn'],
    ['an unknown identity provider', { social: 'myspace' }, 'social'],
    ['a region for Google', { social: 'google', region: 'us-east-1' }, 'region'],
    ['a proxy with an unknown scheme', { proxy: 'gopher://x' }, 'proxy'],
    ['an unknown field', { start_url: 'https://x.awsapps.com/start' }, 'start_url'],
  ])('is rejected with its parameter for %s', async (_, body, param) => {
    const { ask } = await startAdminGateway();
    const refused = await ask('POST', '/v2/auth/start', body);
    expect([refused.status, refused.body.error.code, refused.body.error.param]).toEqual([
      400,
      'invalid_request',
      param,
    ]);
  });

  it('answers 404 for an unknown account', async () => {
    const { ask } = await startAdminGateway();
    expect((await ask('POST', '/v2/auth/start', { accountId: 'none' })).status).toBe(404);
  });
});
