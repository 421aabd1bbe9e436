/** `/v2/models`, `/v2/usage`, `/v2/settings`, the reference, and no secret in any answer. */
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';
import { API_KEY_ACCOUNT, DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { ADMIN_TOKEN, startAdminGateway } from '../support/admin.ts';
import { ADMIN_ROUTES } from '../support/admin-routes.ts';

const BUILDER_ID = {
  refreshToken: DEFAULT_ACCOUNT.refreshToken,
  clientId: DEFAULT_ACCOUNT.clientId,
  clientSecret: DEFAULT_ACCOUNT.clientSecret,
};

describe('the overview', () => {
  it('has the live catalogue', async () => {
    const { ask } = await startAdminGateway();
    expect((await ask('GET', '/v2/models')).body.error.code).toBe('no_account');
    await ask('POST', '/v2/accounts', BUILDER_ID);
    const { models } = (await ask('GET', '/v2/models')).body;
    expect(models.map(({ id }) => id)).toContain('claude-sonnet-4.5');
    expect(models.find(({ id }) => id === 'claude-sonnet-4.5')).toMatchObject({
      takesImages: true,
      maxInputTokens: 200_000,
    });
  });

  it('has the usage of each account, cached or current', async () => {
    const { ask } = await startAdminGateway();
    await ask('POST', '/v2/accounts', { ...BUILDER_ID, label: 'good' });
    await ask('POST', '/v2/accounts', { refreshToken: `aorDEAD${'x'.repeat(120)}`, label: 'dead' });
    const [good, dead] = (await ask('GET', '/v2/usage')).body.accounts;
    expect(good).toMatchObject({ label: 'good', limit: expect.any(Number), readAt: expect.any(String), error: null });
    expect(dead).toMatchObject({ label: 'dead', limit: null, readAt: null, error: { code: 'credential_rejected' } });
    const [known] = (await ask('GET', '/v2/usage')).body.accounts;
    expect(known?.readAt).toBe(good?.readAt);
    const refreshed = await ask('GET', '/v2/usage?refresh=true');
    expect(Date.parse(refreshed.body.accounts[0]?.readAt ?? '')).toBeGreaterThanOrEqual(Date.parse(good?.readAt ?? ''));
    const refused = await ask('GET', '/v2/usage?refresh=perhaps');
    expect([refused.status, refused.body.error.param]).toEqual([400, 'refresh']);
  });

  it('has every setting with its origin and masks secrets', async () => {
    const { ask } = await startAdminGateway({
      env: { DRAGOMAN_API_KEYS: 'marked-key-1', HTTPS_PROXY: 'http://me:marked-pass@127.0.0.1:9', LOG_LEVEL: 'warn' },
    });
    const { text, body } = await ask('GET', '/v2/settings');
    expect(body.settings.map(({ name }) => name)).toEqual(Object.values(SETTINGS).map(({ name }) => name));
    const of = (wanted: string) => body.settings.find(({ name }) => name === wanted);
    expect(of('DRAGOMAN_API_KEYS')).toMatchObject({ value: ['••••••••'], origin: 'environment DRAGOMAN_API_KEYS' });
    expect(of('DRAGOMAN_LOG_LEVEL')).toMatchObject({ value: 'warn', origin: 'environment LOG_LEVEL' });
    expect(of('DRAGOMAN_STRATEGY')).toMatchObject({ value: 'sticky', origin: 'default' });
    expect(text).not.toContain('marked');
  });
});

/** The members of an OpenAPI document that the test reads. */
interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, unknown>> };
}

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: { readonly properties: object } } };
  };
}

describe('the reference', () => {
  it('describes every admin route by the schemas that validate it', async () => {
    const { url } = await startAdminGateway();
    const document: Described = JSON.parse(await (await fetch(`${url}/openapi.json`)).text());
    for (const { method, path, summary, body, query } of ADMIN_ROUTES) {
      const operation = document.paths[path.replace(/:(\w+)/, '{$1}')]?.[method.toLowerCase()];
      expect(operation, `${method} ${path}`).toMatchObject({
        summary,
        tags: [expect.stringMatching(/^(?!Admin$)\w/)],
        security: path === '/v2/session' && method === 'POST' ? [] : [{ adminToken: [] }, { session: [] }],
      });
      const described = Object.keys(operation?.requestBody?.content['application/json'].schema.properties ?? {});
      expect(described).toEqual(Object.keys(body?.shape ?? {}));
      const parameters = (operation?.parameters ?? []).map(({ name }) => name);
      expect(parameters).toEqual([...Object.keys(query.shape), ...(/(?<=:)\w+/.exec(path) ?? [])]);
    }
    expect(document.components.securitySchemes.adminToken).toMatchObject({ type: 'http', scheme: 'bearer' });
  });
});

/** Secrets that the gateway receives and the admin API must not return. */
const CANARIES = {
  adminToken: ADMIN_TOKEN,
  secretKey: 'marked-secret-key-0123456789-0123456789',
  apiKey: 'marked-client-key',
  proxyPassword: 'marked-proxy-password',
  builderRefreshToken: BUILDER_ID.refreshToken,
  builderClientSecret: BUILDER_ID.clientSecret,
  kiroApiKey: API_KEY_ACCOUNT.accessToken,
  deadRefreshToken: `aorMARKEDDEAD${'x'.repeat(120)}`,
  givenAccessToken: `aoaMARKEDACCESS${'y'.repeat(100)}`,
};

describe('secrets', () => {
  it('are accepted by the admin API and never returned', async () => {
    const { ask, answers, simulator } = await startAdminGateway({
      simulator: { pollIntervalS: 1 },
      env: {
        DRAGOMAN_SECRET_KEY: CANARIES.secretKey,
        DRAGOMAN_API_KEYS: CANARIES.apiKey,
        ALL_PROXY: `http://me:${CANARIES.proxyPassword}@127.0.0.1:9`,
        NO_PROXY: '127.0.0.1',
      },
    });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const builder = await ask('POST', '/v2/accounts', {
      ...BUILDER_ID,
      accessToken: CANARIES.givenAccessToken,
      expiresAt,
    });
    const key = await ask('POST', '/v2/accounts', { apiKey: CANARIES.kiroApiKey });
    const dead = await ask('POST', '/v2/accounts', { refreshToken: CANARIES.deadRefreshToken });
    for (const { body } of [builder, key, dead]) {
      const path = `/v2/accounts/${body.account.id}`;
      await ask('GET', path);
      await ask('PATCH', path, { proxy: `http://me:${CANARIES.proxyPassword}@127.0.0.1:9` });
      await ask('PATCH', path, { proxy: `http://me:${CANARIES.proxyPassword}@127.0.0.1:9/path` });
      await ask('POST', `${path}/refresh`);
      await ask('PATCH', path, { proxy: null });
      await ask('POST', `${path}/refresh`);
    }
    // Errors must not quote the request either.
    await ask('POST', '/v2/accounts', BUILDER_ID);
    await ask('POST', '/v2/accounts', { ...BUILDER_ID, refreshToken: `${CANARIES.deadRefreshToken}...` });
    await ask('POST', '/v2/accounts', { apiKey: CANARIES.apiKey });
    await ask('POST', '/v2/accounts', { kind: CANARIES.deadRefreshToken });
    await ask('POST', '/v2/accounts', `{"refreshToken":"${CANARIES.deadRefreshToken}"`);
    await ask('POST', '/v2/accounts', { ...BUILDER_ID, region: CANARIES.deadRefreshToken });
    await ask('PATCH', `/v2/accounts/${CANARIES.apiKey.slice(0, 3)}`, { proxy: CANARIES.proxyPassword });
    const { authId, userCode } = (await ask('POST', '/v2/auth/start', {})).body;
    simulator.approve(userCode);
    await ask('POST', `/v2/auth/claim/${authId}`);
    await ask('GET', `/v2/auth/status/${authId}`);
    const made = (await ask('POST', '/v2/keys', { name: 'laptop' })).body;
    const answersWithSecret = answers.length;
    for (const path of ['/v2/keys', '/v2/accounts', '/v2/models', '/v2/usage?refresh=true', '/v2/settings'])
      await ask('GET', path);
    await ask('DELETE', `/v2/keys/${made.key.id}`);
    await ask('DELETE', `/v2/accounts/${dead.body.account.id}`);

    const everything = answers.join('\n');
    for (const [name, secret] of Object.entries(CANARIES)) expect(everything, name).not.toContain(secret);
    // The shape of all tokens issued by the service. A value in a wrong field is quoted up to 24 characters.
    expect(everything).not.toMatch(/\bao[ar][\w-]{22}/);
    expect(answers.slice(answersWithSecret).join('\n')).not.toContain(made.secret);
    const routes = ADMIN_ROUTES.length;
    expect(answers.length).toBeGreaterThan(routes);
  });
});
