/** Every kind of credential in front of the service: what its requests contain, how it is refreshed, what a refusal means. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Credential, CredentialKind } from '../src/accounts/credentials.ts';
import { NEW_ACCOUNT } from '../src/accounts/health.ts';
import type { Composed } from '../src/compose.ts';
import { collectReply } from '../src/core/collect.ts';
import type { GatewayError } from '../src/core/errors.ts';
import {
  API_KEY_ACCOUNT,
  DEFAULT_ACCOUNT,
  EXTERNAL_IDP_ACCOUNT,
  IAM_ACCOUNT,
  IDC_ACCOUNT,
  SOCIAL_ACCOUNT,
} from '../src/simulator/default-accounts.ts';
import type { Simulator, SimulatorOptions } from '../src/simulator/server.ts';
import { CREDENTIALS, KINDS } from './support/credentials.ts';
import { conversation } from './support/fake-upstream.ts';
import { createSimulator } from './support/simulator.ts';
import { composeTestGateway, NO_ACCOUNT } from './support/test-gateway.ts';

const never = new AbortController().signal;

const SIMULATED: Record<CredentialKind, string> = {
  'builder-id': DEFAULT_ACCOUNT.id,
  idc: IDC_ACCOUNT.id,
  social: SOCIAL_ACCOUNT.id,
  'external-idp': EXTERNAL_IDP_ACCOUNT.id,
  'api-key': API_KEY_ACCOUNT.id,
  iam: IAM_ACCOUNT.id,
};
/** Header `tokentype`, the operation, and whether a profile is named. */
const CARRIES: Record<CredentialKind, readonly [string | undefined, string, boolean]> = {
  'builder-id': [undefined, 'GenerateAssistantResponse', false],
  idc: [undefined, 'GenerateAssistantResponse', true],
  social: [undefined, 'GenerateAssistantResponse', true],
  'external-idp': ['EXTERNAL_IDP', 'GenerateAssistantResponse', true],
  'api-key': ['API_KEY', 'GenerateAssistantResponse', false],
  iam: [undefined, 'SendMessage', false],
};
const REFUSED: Record<CredentialKind, RegExp> = {
  'builder-id': /InvalidGrantException.*`dragoman login`/,
  idc: /InvalidGrantException.*`dragoman login`/,
  social: /Kiro's sign-in service.*Sign in again with `dragoman login --social google`/,
  'external-idp': /identity provider.*invalid_grant.*Sign in again in the Kiro IDE or CLI/,
  'api-key': /API key. Create a new one/,
  iam: /AWS keys.*aws sts get-caller-identity/,
};
const REFRESHED: readonly CredentialKind[] = ['builder-id', 'idc', 'social', 'external-idp'];

interface Setup {
  readonly simulator: Simulator;
  readonly composed: Composed;
}

async function setup(
  credential: (url: string) => Credential,
  options: SimulatorOptions = {},
  env: (url: string) => Record<string, string> = () => ({}),
): Promise<Setup> {
  vi.stubEnv('AWS_ACCESS_KEY_ID', IAM_ACCOUNT.accessToken);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', IAM_ACCOUNT.secretAccessKey);
  onTestFinished(() => void vi.unstubAllEnvs());
  const simulator = await createSimulator(options);
  const gateway = await composeTestGateway({ simulator, env: { ...NO_ACCOUNT, ...env(simulator.url) } });
  onTestFinished(gateway.close);
  const { composed } = gateway;
  await composed.accounts.add({
    id: 'a',
    label: 'a',
    source: { type: 'sign-in' },
    credential: credential(simulator.url),
    accessToken: undefined,
    health: NEW_ACCOUNT,
  });
  return { simulator, composed };
}

async function ask({ gateway }: Composed): Promise<string> {
  const asked = { requestId: 'r', client: 'c', conversation: conversation('Hi', { model: 'auto' }), adjustments: [] };
  return JSON.stringify(await collectReply((await gateway.ask(asked, never)).batches));
}

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: GatewayError) => error,
  );
}

describe.each(KINDS)('an account of kind %s', (kind) => {
  it('sends the headers and the profile of its kind', async () => {
    const { composed, simulator } = await setup(CREDENTIALS[kind]);
    expect(await ask(composed)).toContain('text');
    const [request] = simulator.chatRequests;
    const [tokenType, operation, hasProfile] = CARRIES[kind];
    expect(request?.headers.tokentype).toBe(tokenType);
    expect(request?.operation).toBe(operation);
    expect(JSON.stringify(request?.body).includes('profileArn')).toBe(hasProfile);
    expect(request?.headers.authorization).toMatch(kind === 'iam' ? /^AWS4-HMAC-SHA256 / : /^Bearer /);
  });

  it('is reported as rejected, and is then signed out', async () => {
    const { composed, simulator } = await setup(CREDENTIALS[kind]);
    simulator.setAccount(SIMULATED[kind], { state: 'revoked' });
    const error = await failure(ask(composed));
    expect(error.code).toBe('credential_rejected');
    expect(error.message).toMatch(REFUSED[kind]);
    expect(composed.accounts.list()[0]?.health.state.status).toBe('signed-out');
  });
});

describe.each(REFRESHED)('an access token of kind %s', (kind) => {
  it('is refreshed if the service rejects it, and the rotated refresh token is stored', async () => {
    const { composed, simulator } = await setup(CREDENTIALS[kind]);
    await ask(composed);
    for (let round = 0; round < 2; round++) {
      simulator.expireAccessTokens(SIMULATED[kind]);
      expect(await ask(composed)).toContain('text');
    }
    const [account] = await composed.store.accounts.list();
    expect(JSON.stringify(account?.credential)).toContain('aorSimulated');
  });
});

describe('a wire profile that requires a profile ARN', () => {
  const strict = () => ({ DRAGOMAN_WIRE_PROFILE: 'kiro-runtime' });

  it.each<[CredentialKind, string]>([
    ['builder-id', 'arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX'],
    ['social', SOCIAL_ACCOUNT.profileArn],
  ])('uses the vendor’s for %s only while the account has none', async (kind, profileArn) => {
    const { composed, simulator } = await setup(CREDENTIALS[kind], { requireProfileArn: true }, strict);
    await ask(composed);
    expect(simulator.chatRequests[0]?.body).toMatchObject({ profileArn });
  });

  it('uses none for an organisation', async () => {
    const credential = (): Credential => ({ ...IDC_ACCOUNT, profileArn: undefined });
    const { profileArn: _none, ...account } = IDC_ACCOUNT;
    const { composed, simulator } = await setup(credential, { accounts: [account] }, strict);
    const error = await failure(ask(composed));
    expect([error.code, error.message]).toEqual(['profile_required', expect.stringContaining('this account has none')]);
    expect(simulator.chatRequests).toEqual([]);
  });
});

describe('a profile that is not configured', () => {
  const withoutProfile = (): Credential => ({ ...IDC_ACCOUNT, profileArn: undefined });

  it.each<[string, () => Credential]>([
    ['an organisation’s account', withoutProfile],
    [
      'an organisation’s account configured as a Builder ID',
      () => ({ ...withoutProfile(), kind: 'builder-id' }) as Credential,
    ], // the two kinds have the same members
  ])('is looked up when the service requires it, and stored: %s', async (_name, credential) => {
    const { composed, simulator } = await setup(credential);
    expect(await ask(composed)).toContain('text');
    await ask(composed);
    const refused = simulator.requests.filter(({ refusedBy }) => refusedBy?.rule === 'profile-required');
    expect(refused).toHaveLength(1);
    const [stored] = await composed.store.accounts.list();
    expect(stored?.credential).toMatchObject({ profileArn: IDC_ACCOUNT.profileArn });
  });

  it('is not guessed among several', async () => {
    const other = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/OTHEROTHER01';
    const accounts = [{ ...IDC_ACCOUNT, moreProfiles: [other] }];
    const { composed, simulator } = await setup(withoutProfile, { accounts });
    expect((await failure(ask(composed))).code).toBe('profile_required');
    expect((await failure(ask(composed))).code).toBe('profile_required');
    const lists = simulator.requests.filter(({ operation }) => operation === 'ListAvailableProfiles');
    expect(lists).toHaveLength(2);
    await composed.accounts.patch('a', { profileArn: other });
    expect(await ask(composed)).toContain('text');
  });
});

describe('the simulator’s clock', () => {
  it('expires access tokens but not refresh tokens', async () => {
    const { composed, simulator } = await setup(CREDENTIALS['builder-id']);
    await ask(composed);
    simulator.advance(2 * 3_600_000);
    expect(await ask(composed)).toContain('text');
    expect(simulator.requests.filter(({ operation }) => operation === 'CreateToken')).toHaveLength(2);
  });
});

describe('an organisation’s identity provider', () => {
  it('sends the scopes in a form', async () => {
    const { composed, simulator } = await setup(CREDENTIALS['external-idp']);
    await ask(composed);
    const refresh = simulator.requests.find(({ operation }) => operation === 'ExternalToken');
    expect(Object.fromEntries(new URLSearchParams(refresh?.rawBody))).toEqual({
      client_id: EXTERNAL_IDP_ACCOUNT.clientId,
      grant_type: 'refresh_token',
      refresh_token: EXTERNAL_IDP_ACCOUNT.refreshToken,
      scope: 'codewhisperer:conversations offline_access',
    });
  });

  it.each([
    'http://login.microsoftonline.com/t/oauth2/v2.0/token',
    'https://login.microsoftonline.com.evil.example/token',
    'https://user:pass@login.microsoftonline.com/token',
    'https://login.microsoftonline.com:8443/token',
    'https://169.254.169.254/token',
    'file:///etc/passwd',
    'not an address',
  ])('gets no request at %s', async (tokenEndpoint) => {
    const credential = (url: string): Credential =>
      ({ ...CREDENTIALS['external-idp'](url), tokenEndpoint }) as Credential; // the kind's own shape
    const { composed, simulator } = await setup(credential);
    const error = await failure(ask(composed));
    expect(error.code).toBe('credential_rejected');
    expect(error.message).toContain('DRAGOMAN_IDP_HOSTS');
    expect(error.message).not.toContain('pass');
    expect(simulator.requests).toEqual([]);
  });
});

describe('the region of the API', () => {
  const inRegions = (url: string) => ({ DRAGOMAN_UPSTREAM_URL: `${url}/region/{region}` });
  const regionsOf = (simulator: Simulator) => simulator.requests.flatMap(({ region }) => region ?? []);

  it('is the profile’s, whatever the sign-in’s', async () => {
    const profileArn = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/IDCIDCIDCIDC';
    const accounts = [{ ...IDC_ACCOUNT, region: 'us-east-1', profileArn }];
    const credential = () => ({ ...IDC_ACCOUNT, region: 'us-east-1', profileArn });
    const { composed, simulator } = await setup(credential, { accounts }, inRegions);
    await ask(composed);
    expect(new Set(regionsOf(simulator))).toEqual(new Set(['eu-central-1']));
  });

  it('is the other one if the first refuses, and stays so', async () => {
    const accounts = [{ ...DEFAULT_ACCOUNT, apiRegion: 'eu-central-1' }];
    const { composed, simulator } = await setup(CREDENTIALS['builder-id'], { accounts }, inRegions);
    await ask(composed);
    await ask(composed);
    const [first, ...others] = regionsOf(simulator);
    expect(first).toBe('us-east-1');
    expect(new Set(others)).toEqual(new Set(['eu-central-1']));
    expect(composed.accounts.list()[0]?.health).toMatchObject({ state: { status: 'ready' }, failures: 0 });
  });
});
