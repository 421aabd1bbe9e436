/** `/v2/accounts` of a running gateway. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SILENT } from '../../src/core/log.ts';
import {
  API_KEY_ACCOUNT,
  DEFAULT_ACCOUNT,
  EXTERNAL_IDP_ACCOUNT,
  IAM_ACCOUNT,
  IDC_ACCOUNT,
  SOCIAL_ACCOUNT,
} from '../../src/simulator/default-accounts.ts';
import { environmentFor as simulatorEnvironment } from '../../src/simulator/environment.ts';
import { type AdminGateway, startAdminGateway } from '../support/admin.ts';

const BUILDER_ID = {
  refreshToken: DEFAULT_ACCOUNT.refreshToken,
  clientId: DEFAULT_ACCOUNT.clientId,
  clientSecret: DEFAULT_ACCOUNT.clientSecret,
};

async function addBuilderId({ ask }: AdminGateway): Promise<string> {
  return (await ask('POST', '/v2/accounts', BUILDER_ID)).body.account.id;
}

async function chat({ url }: AdminGateway): Promise<number> {
  const body = JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }] });
  return (await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })).status;
}

describe('accounts', () => {
  it('are added, listed, changed, refreshed and removed', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    expect((await ask('GET', '/v2/accounts')).body).toEqual({ accounts: [] });
    const added = await ask('POST', '/v2/accounts', {
      ...BUILDER_ID,
      label: ' mine ',
      priority: 3,
      groups: ['team-a'],
    });
    expect(added.status).toBe(201);
    const { id } = added.body.account;
    expect(added.body.account).toMatchObject({
      label: 'mine',
      kind: 'builder-id',
      source: { type: 'import', path: null },
      enabled: true,
      state: { status: 'ready', until: null, reason: null, by: null },
      priority: 3,
      groups: ['team-a'],
      maxConcurrency: null,
      tokenExpiresAt: null,
    });
    expect(await chat(gateway)).toBe(200);
    const [listed] = (await ask('GET', '/v2/accounts')).body.accounts;
    expect(listed).toMatchObject({ id, tokenExpiresAt: expect.any(String) });

    const patch = {
      label: 'work',
      weight: 5,
      maxConcurrency: 2,
      minIntervalMs: 10,
      proxy: 'http://me:marked-pass@127.0.0.1:9',
    };
    const patched = await ask('PATCH', `/v2/accounts/${id}`, patch);
    expect(patched.body.account).toMatchObject({
      label: 'work',
      weight: 5,
      priority: 3,
      maxConcurrency: 2,
      minIntervalMs: 10,
      proxy: 'http://••••@127.0.0.1:9',
    });
    const undone = await ask('PATCH', `/v2/accounts/${id}`, { proxy: null, maxConcurrency: null, groups: [] });
    expect(undone.body.account).toMatchObject({ proxy: null, maxConcurrency: null, groups: [], label: 'work' });

    const refreshed = await ask('POST', `/v2/accounts/${id}/refresh`);
    expect(refreshed.body.account).toMatchObject({ id, tokenExpiresAt: expect.any(String) });
    expect((await ask('GET', `/v2/accounts/${id}`)).body.account.tokenExpiresAt).toBe(
      refreshed.body.account.tokenExpiresAt,
    );

    expect((await ask('DELETE', `/v2/accounts/${id}`)).body).toEqual({ removed: id, deleted: id });
    expect((await ask('GET', '/v2/accounts')).body).toEqual({ accounts: [] });
    expect(await chat(gateway)).toBe(503);
  });

  it('show no token expiry for an API key', async () => {
    const gateway = await startAdminGateway();
    await gateway.ask('POST', '/v2/accounts', { apiKey: API_KEY_ACCOUNT.accessToken });
    expect(await chat(gateway)).toBe(200);
    const { status, body } = await gateway.ask('GET', '/v2/accounts');
    expect({ status, accounts: body.accounts }).toMatchObject({
      status: 200,
      accounts: [{ kind: 'api-key', successes: 1, tokenExpiresAt: null }],
    });
  });

  it('serve only while they are enabled', async () => {
    const gateway = await startAdminGateway();
    const id = await addBuilderId(gateway);
    const disabled = await gateway.ask('PATCH', `/v2/accounts/${id}`, { enabled: false });
    expect(disabled.body.account).toMatchObject({ enabled: false, state: { status: 'disabled', by: 'operator' } });
    expect(await chat(gateway)).toBe(503);
    expect((await gateway.ask('PATCH', `/v2/accounts/${id}`, { enabled: true })).body.account.enabled).toBe(true);
    expect(await chat(gateway)).toBe(200);
    const resting = await gateway.ask('POST', '/v2/accounts', { apiKey: API_KEY_ACCOUNT.accessToken, enabled: false });
    expect(resting.body.account).toMatchObject({ kind: 'api-key', enabled: false });
  });

  it.each([
    ['Identity Center', { ...IDC_ACCOUNT, kind: 'idc' }, 'idc'],
    ['Kiro', { refreshToken: SOCIAL_ACCOUNT.refreshToken }, 'social'],
    ['a Kiro API key', { apiKey: API_KEY_ACCOUNT.accessToken }, 'api-key'],
    ['an external identity provider', EXTERNAL_IDP_ACCOUNT, 'external-idp'],
  ])('of %s are added and serve', async (_, known, kind) => {
    const gateway = await startAdminGateway();
    const { refreshToken, clientId, clientSecret, startUrl, region, apiKey }: Record<string, string> = { ...known };
    const external =
      kind === 'external-idp' ? { tokenEndpoint: `${gateway.simulator.url}/tenant/oauth2/v2.0/token` } : {};
    const credential = { kind, refreshToken, clientId, clientSecret, startUrl, region, apiKey, ...external };
    const added = await gateway.ask('POST', '/v2/accounts', credential);
    expect([added.status, added.body.account?.kind]).toEqual([201, kind]);
    expect(await chat(gateway)).toBe(200);
  });

  it('of AWS keys are added and serve; without keys they are rejected', async () => {
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    onTestFinished(() => void vi.unstubAllEnvs());
    const gateway = await startAdminGateway();
    const without = await gateway.ask('POST', '/v2/accounts', { kind: 'iam', label: 'keys' });
    expect(without.status).toBe(409);
    vi.stubEnv('AWS_ACCESS_KEY_ID', IAM_ACCOUNT.accessToken);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', IAM_ACCOUNT.secretAccessKey);
    const added = await gateway.ask('POST', '/v2/accounts', { kind: 'iam', label: 'keys', priority: 2 });
    expect(added.body.account).toMatchObject({ kind: 'iam', label: 'keys', priority: 2 });
    expect(await chat(gateway)).toBe(200);
    expect(added.text).not.toContain(IAM_ACCOUNT.secretAccessKey);
  });

  it('of an organisation get its only profile', async () => {
    const { ask } = await startAdminGateway();
    const { refreshToken, clientId, clientSecret, startUrl, region, profileArn } = IDC_ACCOUNT;
    const added = await ask('POST', '/v2/accounts', { refreshToken, clientId, clientSecret, startUrl, region });
    expect(added.body.account.profileArn).toBe(profileArn);
  });

  it('that are signed out are reported as such, not as a failure of the gateway', async () => {
    const { ask } = await startAdminGateway();
    const dead = { ...BUILDER_ID, refreshToken: `aorDEAD${'x'.repeat(120)}` };
    const { id } = (await ask('POST', '/v2/accounts', dead)).body.account;
    const refreshed = await ask('POST', `/v2/accounts/${id}/refresh`);
    expect([refreshed.status, refreshed.body.error.code]).toEqual([409, 'credential_rejected']);
    expect((await ask('GET', `/v2/accounts/${id}`)).body.account.state.status).toBe('signed-out');
  });

  it('of the environment are shown as such', async () => {
    const gateway = await startAdminGateway();
    const env = simulatorEnvironment(gateway.simulator.url);
    const { ask } = await startAdminGateway({ simulator: gateway.simulator, env });
    expect((await ask('GET', '/v2/accounts')).body.accounts).toMatchObject([{ source: { type: 'environment' } }]);
  });
});

describe('the names of the account bridge', () => {
  it('are returned beside our own, at the top level of an account', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const added = await ask('POST', '/v2/accounts', { ...BUILDER_ID, label: 'mine' });
    const { account } = added.body;
    expect(added.body).toMatchObject({
      ...account,
      success_count: 0,
      error_count: 0,
      last_refresh_status: 'never',
      last_refresh_time: null,
      created_at: account.createdAt,
      updated_at: account.updatedAt,
    });
    expect(await chat(gateway)).toBe(200);
    const used = { id: account.id, enabled: true, success_count: 1, error_count: 0, last_refresh_status: 'success' };
    const isRecent = { last_refresh_time: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect((await ask('GET', `/v2/accounts/${account.id}`)).body).toMatchObject({ ...used, ...isRecent });
    expect((await ask('GET', '/v2/accounts')).body.accounts).toMatchObject([{ ...used, ...isRecent }]);
  });

  it('report a refresh that failed', async () => {
    const { ask } = await startAdminGateway();
    const dead = { ...BUILDER_ID, refreshToken: `aorDEAD${'x'.repeat(120)}` };
    const { id } = (await ask('POST', '/v2/accounts', dead)).body.account;
    expect((await ask('POST', `/v2/accounts/${id}/refresh`)).status).toBe(409);
    const failed = { last_refresh_status: 'failed', last_refresh_time: expect.any(String) };
    expect((await ask('GET', `/v2/accounts/${id}`)).body).toMatchObject(failed);
  });
});

describe('a replaced credential', () => {
  const DEAD = { ...BUILDER_ID, refreshToken: `aorDEAD${'x'.repeat(120)}` };

  async function addDead({ ask }: AdminGateway): Promise<string> {
    const { id } = (await ask('POST', '/v2/accounts', { ...DEAD, label: 'stays', weight: 7 })).body.account;
    await ask('POST', `/v2/accounts/${id}/refresh`);
    return id;
  }

  it('serves at once, in the same account, and the old token is never presented again', async () => {
    const gateway = await startAdminGateway();
    const id = await addDead(gateway);
    expect(await chat(gateway)).toBe(503);
    const patched = await gateway.ask('PATCH', `/v2/accounts/${id}`, BUILDER_ID);
    expect(patched.body).toMatchObject({
      id,
      label: 'stays',
      weight: 7,
      kind: 'builder-id',
      state: { status: 'ready' },
    });
    const before = gateway.simulator.requests.length;
    expect(await chat(gateway)).toBe(200);
    const sent = gateway.simulator.requests.slice(before).map(({ rawBody }) => rawBody ?? '');
    expect(sent.filter((body) => body.includes('aorDEAD'))).toEqual([]);
    expect(sent.filter((body) => body.includes(BUILDER_ID.refreshToken))).toHaveLength(1);
    expect((await gateway.ask('PATCH', `/v2/accounts/${id}`, DEAD)).body.error).toMatchObject({
      param: 'refreshToken',
    });
  });

  it('is not in any answer', async () => {
    const gateway = await startAdminGateway();
    const id = await addDead(gateway);
    await gateway.ask('PATCH', `/v2/accounts/${id}`, BUILDER_ID);
    for (const secret of [BUILDER_ID.refreshToken, BUILDER_ID.clientSecret, 'aorDEAD'])
      expect(gateway.answers.filter((answer) => answer.includes(secret))).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a refresh token alone', { refreshToken: BUILDER_ID.refreshToken }, 'clientId'],
    ['a client alone', { clientId: 'x', clientSecret: 'y' }, 'refreshToken'],
    ['a token that was cut off', { ...BUILDER_ID, refreshToken: 'aorSHORT' }, 'refreshToken'],
    ['a masked secret', { ...BUILDER_ID, clientSecret: 'abc...' }, 'refreshToken'],
    ['a number', { ...BUILDER_ID, clientId: 7 }, 'clientId'],
  ])('%s is rejected with its parameter, and nothing changes', async (_, patch, param) => {
    const gateway = await startAdminGateway();
    const id = await addDead(gateway);
    const before = (await gateway.ask('GET', `/v2/accounts/${id}`)).body;
    const refused = await gateway.ask('PATCH', `/v2/accounts/${id}`, { label: 'new', ...patch });
    expect([refused.status, refused.body.error.param]).toEqual([400, param]);
    expect((await gateway.ask('GET', `/v2/accounts/${id}`)).body).toEqual(before);
  });

  it('of Kiro consists of a refresh token', async () => {
    const gateway = await startAdminGateway();
    const dead = { kind: 'social', refreshToken: `aorDEAD${'x'.repeat(120)}` };
    const { id } = (await gateway.ask('POST', '/v2/accounts', dead)).body.account;
    const withClient = { ...BUILDER_ID, refreshToken: SOCIAL_ACCOUNT.refreshToken };
    expect((await gateway.ask('PATCH', `/v2/accounts/${id}`, withClient)).body.error.param).toBe('clientId');
    await gateway.ask('PATCH', `/v2/accounts/${id}`, { refreshToken: SOCIAL_ACCOUNT.refreshToken });
    expect(await chat(gateway)).toBe(200);
  });

  it('is rejected for accounts whose credential is stored elsewhere, and for those without a refresh token', async () => {
    const gateway = await startAdminGateway();
    const { id } = (await gateway.ask('POST', '/v2/accounts', { apiKey: API_KEY_ACCOUNT.accessToken })).body.account;
    expect((await gateway.ask('PATCH', `/v2/accounts/${id}`, BUILDER_ID)).body.error.param).toBe('refreshToken');
    const env = simulatorEnvironment(gateway.simulator.url);
    const { ask } = await startAdminGateway({ simulator: gateway.simulator, env });
    const [named] = (await ask('GET', '/v2/accounts')).body.accounts;
    expect((await ask('PATCH', `/v2/accounts/${named?.id}`, BUILDER_ID)).body.error.message).toContain('environment');
  });
});

describe('unknown fields of a change', () => {
  it('are ignored and named, without their values, in the answer and in the log', async () => {
    const logged: object[] = [];
    const log = { ...SILENT, warn: (fields: object) => void logged.push(fields) };
    const gateway = await startAdminGateway({ log });
    const id = await addBuilderId(gateway);
    const patch = { label: 'work', prioritty: 1, other: { note: 'marked-value' }, refresh_token: 'marked-token' };
    const patched = await gateway.ask('PATCH', `/v2/accounts/${id}`, patch);
    const ignored = ['prioritty', 'other', 'refresh_token'];
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({
      label: 'work',
      priority: 0,
      adjustments: ignored.map((path) => ({ rule: 'field-ignored', path })),
    });
    expect(logged).toContainEqual({ accountId: id, fields: ignored });
    expect(JSON.stringify([logged, gateway.answers])).not.toContain('marked-');
    expect((await gateway.ask('PATCH', `/v2/accounts/${id}`, { label: 'home' })).body).toMatchObject({
      adjustments: [],
    });
  });
});

describe('bad input', () => {
  it.each<[string, unknown, string | null]>([
    ['no JSON', '{', null],
    ['a list', [], null],
    ['an unknown field', { ...BUILDER_ID, refresh_tokn: 'x' }, 'refresh_tokn'],
    ['nothing', {}, 'refreshToken'],
    ['no client', { refreshToken: BUILDER_ID.refreshToken, clientId: 'x' }, 'clientId'],
    ['a truncated token', { refreshToken: 'aorSHORT' }, 'refreshToken'],
    ['a masked token', { refreshToken: `aor${'x'.repeat(120)}...` }, 'refreshToken'],
    ['a number as token', { refreshToken: 7 }, 'refreshToken'],
    ['a wrong kind', { ...BUILDER_ID, kind: 'magic' }, 'kind'],
    ['a wrong region', { ...BUILDER_ID, region: 'mars' }, 'region'],
    ['a region with a host in it', { ...BUILDER_ID, region: 'evil.example.com/' }, 'region'],
    ['a malformed ARN', { ...BUILDER_ID, profileArn: 'arn:aws:s3:::bucket' }, 'profileArn'],
    ['an invalid start URL', { ...BUILDER_ID, startUrl: 'http://plain' }, 'startUrl'],
    [
      'a foreign token endpoint',
      { ...BUILDER_ID, kind: 'external-idp', tokenEndpoint: 'https://evil.example' },
      'tokenEndpoint',
    ],
    ['a key of another vendor', { kind: 'api-key', apiKey: 'sk-other' }, 'apiKey'],
    ['an empty label', { ...BUILDER_ID, label: '  ' }, 'label'],
    ['a label of two lines', { ...BUILDER_ID, label: 'a\nb' }, 'label'],
    ['a weight out of range', { ...BUILDER_ID, weight: 0 }, 'weight'],
    ['half a priority', { ...BUILDER_ID, priority: 1.5 }, 'priority'],
    ['an odd group', { ...BUILDER_ID, groups: ['Team A'] }, 'groups'],
    ['a proxy with an unknown scheme', { ...BUILDER_ID, proxy: 'ftp://127.0.0.1' }, 'proxy'],
  ])('%s is rejected with its parameter when an account is added, and nothing is stored', async (_, body, param) => {
    const { ask } = await startAdminGateway();
    const refused = await ask('POST', '/v2/accounts', body);
    expect([refused.status, refused.body.error.code, refused.body.error.param]).toEqual([
      400,
      'invalid_request',
      param,
    ]);
    expect((await ask('GET', '/v2/accounts')).body).toEqual({ accounts: [] });
  });

  it.each<[string, unknown, string | null]>([
    ['a string for a number', { priority: '1' }, 'priority'],
    ['a concurrency of zero', { maxConcurrency: 0 }, 'maxConcurrency'],
    ['an interval beyond the limit', { minIntervalMs: 1e9 }, 'minIntervalMs'],
    ['a string for a boolean', { enabled: 'yes' }, 'enabled'],
    ['a malformed ARN', { profileArn: 'arn' }, 'profileArn'],
    ['a group that is not a string', { groups: [1] }, 'groups.0'],
    ['no body', undefined, null],
  ])('%s is rejected with its parameter when an account is changed, and nothing changes', async (_, patch, param) => {
    const gateway = await startAdminGateway();
    const id = await addBuilderId(gateway);
    const before = (await gateway.ask('GET', `/v2/accounts/${id}`)).body;
    const refused = await gateway.ask('PATCH', `/v2/accounts/${id}`, patch);
    expect([refused.status, refused.body.error.code, refused.body.error.param]).toEqual([
      400,
      'invalid_request',
      param,
    ]);
    expect((await gateway.ask('GET', `/v2/accounts/${id}`)).body).toEqual(before);
  });

  it('a credential that is known already adds no second account', async () => {
    const gateway = await startAdminGateway();
    const id = await addBuilderId(gateway);
    const again = await gateway.ask('POST', '/v2/accounts', BUILDER_ID);
    expect(again.body.error).toMatchObject({ param: 'refreshToken', message: expect.stringContaining(id) });
    // After a refresh has rotated it, it still belongs to that account.
    await gateway.ask('POST', `/v2/accounts/${id}/refresh`);
    expect((await gateway.ask('POST', '/v2/accounts', BUILDER_ID)).status).toBe(400);
  });

  it.each([
    ['GET', '/v2/accounts/none'],
    ['PATCH', '/v2/accounts/none'],
    ['DELETE', '/v2/accounts/none'],
    ['POST', '/v2/accounts/none/refresh'],
    ['GET', '/v2/auth/status/none'],
    ['POST', '/v2/auth/claim/none'],
    ['DELETE', '/v2/keys/none'],
    ['GET', '/v2/nothing/of/the/kind'],
  ])('%s %s is not found', async (method, path) => {
    const { ask } = await startAdminGateway();
    const answer = await ask(method, path, method === 'PATCH' ? {} : undefined);
    expect([answer.status, answer.body.error.code]).toEqual([404, 'not_found']);
  });

  it('a wrong method gets 405 with the allowed methods', async () => {
    const { ask } = await startAdminGateway();
    const answer = await ask('PUT', '/v2/accounts/one', {});
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, PATCH, DELETE']);
  });
});
