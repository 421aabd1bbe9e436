import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { awsCredential } from '../../test/support/fake-accounts.ts';
import type { ExternalIdpCredential, SocialCredential } from '../accounts/credentials.ts';
import type { SignInEndpoints, TokenEndpoints } from '../accounts/ports.ts';
import type { GatewayError } from '../core/errors.ts';
import { Dispatchers } from './dispatcher.ts';
import { createTokenEndpoints } from './token-endpoints.ts';

interface Seen {
  path: string | undefined;
  headers: NodeJS.Dict<string | string[]>;
  body: unknown;
}

interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Served {
  url: string;
  endpoints: TokenEndpoints;
  signIn: SignInEndpoints;
  seen: Seen[];
}

/** Token endpoints whose service always returns this reply, or none with `stall`. */
async function serve(reply: Reply | 'stall'): Promise<Served> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const isForm = request.headers['content-type']?.includes('form');
    const body: unknown = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
    seen.push({ path: request.url, headers: request.headers, body });
    if (reply === 'stall') return;
    const { status = 200, headers = {} } = reply;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // of a TCP server
  const dispatchers = new Dispatchers(undefined, 5_000);
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await dispatchers.destroy();
  });
  const now = () => Date.UTC(2026, 0, 1);
  const places = { oidcUrl: url, socialAuthUrl: url, portalUrl: url, idpHosts: [new URL(url).host] };
  const endpoints = createTokenEndpoints({ dispatchers, ...places, userAgent: 'dragoman/test', now });
  return { url, endpoints, signIn: endpoints.signIn(undefined), seen };
}

function oidcError(status: number, name: string, error: string): Reply {
  return { status, headers: { 'x-amzn-errortype': name }, body: { error, error_description: 'aorREFRESHCANARY' } };
}

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: GatewayError) => error,
  );
}

const never = new AbortController().signal;
const client = { clientId: 'c', clientSecret: 's', expiresAtMs: 9 };
const aws = awsCredential('aorREFRESHCANARY');
const social: SocialCredential = {
  kind: 'social',
  refreshToken: 'aorREFRESHCANARY',
  region: 'us-east-1',
  profileArn: undefined,
};

const external: ExternalIdpCredential = {
  kind: 'external-idp',
  refreshToken: 'aorREFRESHCANARY',
  clientId: 'c',
  tokenEndpoint: 'https://login.microsoftonline.com/t/oauth2/v2.0/token',
  scopes: ['a', 'b'],
  region: 'us-east-1',
  profileArn: undefined,
};

describe('the AWS sign-in service', () => {
  it('registers a client', async () => {
    const expiresAt = Date.UTC(2026, 3, 1) / 1000;
    const { signIn, seen } = await serve({
      body: { clientId: 'c', clientSecret: 's', clientIdIssuedAt: 1, clientSecretExpiresAt: expiresAt },
    });
    expect(await signIn.registerClient('us-east-1', 'https://x/start', 'device', never)).toEqual({
      clientId: 'c',
      clientSecret: 's',
      expiresAtMs: expiresAt * 1000,
    });
    expect(seen[0]).toMatchObject({
      path: '/client/register',
      body: {
        clientName: 'dragoman',
        clientType: 'public',
        grantTypes: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        issuerUrl: 'https://x/start',
      },
    });
    expect(seen[0]?.headers['user-agent']).toContain('dragoman');
  });

  it('starts a sign-in', async () => {
    const { signIn, seen } = await serve({
      body: { deviceCode: 'd', userCode: 'u', verificationUri: 'https://v', expiresIn: 300, interval: 1 },
    });
    expect(await signIn.startDevice('us-east-1', 'https://x/start', client, never)).toEqual({
      deviceCode: 'd',
      userCode: 'u',
      verificationUrl: 'https://v',
      verificationUrlComplete: undefined,
      expiresInS: 300,
      intervalS: 1,
    });
    expect(seen[0]).toMatchObject({ path: '/device_authorization', body: { startUrl: 'https://x/start' } });
  });

  it.each([
    [400, 'AuthorizationPendingException', 'authorization_pending', 'pending'],
    [400, 'SlowDownException', 'slow_down', 'slow-down'],
    [400, 'ExpiredTokenException', 'expired_token', 'expired'],
    [400, 'AccessDeniedException', 'access_denied', 'denied'],
    [401, 'InvalidClientException', 'invalid_client', 'client-rejected'],
    [400, 'UnauthorizedClientException', 'unauthorized_client', 'client-rejected'],
  ])('passes on %i %s during a sign-in', async (status, name, error, type) => {
    const { signIn } = await serve(oidcError(status, name, error));
    expect(await signIn.pollDevice('us-east-1', client, 'd', never)).toEqual({ type });
  });

  it('returns tokens after the sign-in', async () => {
    const { signIn, seen } = await serve({ body: { accessToken: 'aoa', refreshToken: 'aor', expiresIn: 7 } });
    expect(await signIn.pollDevice('us-east-1', client, 'd', never)).toEqual({
      type: 'signed-in',
      tokens: { accessToken: 'aoa', refreshToken: 'aor', expiresInS: 7, profileArn: undefined },
    });
    expect(seen[0]).toMatchObject({ path: '/token', body: { deviceCode: 'd', clientId: 'c' } });
  });

  it('refreshes', async () => {
    const { endpoints, seen } = await serve({ body: { accessToken: 'aoa', expiresIn: 28_800 } });
    expect(await endpoints.refresh(aws)).toEqual({
      accessToken: 'aoa',
      refreshToken: undefined,
      expiresInS: 28_800,
      profileArn: undefined,
    });
    expect(seen[0]?.body).toEqual({
      clientId: 'client',
      clientSecret: 'client-secret',
      grantType: 'refresh_token',
      refreshToken: 'aorREFRESHCANARY',
    });
  });

  it.each<[string, Reply, string]>([
    ['a dead refresh token', oidcError(400, 'InvalidGrantException', 'invalid_grant'), 'credential_rejected'],
    ['an unknown client', oidcError(401, 'InvalidClientException', 'invalid_client'), 'credential_rejected'],
    ['too many requests', oidcError(400, 'SlowDownException', 'slow_down'), 'upstream_throttled'],
    ['a broken service', oidcError(500, 'InternalServerException', 'server_error'), 'upstream_broken'],
    ['a page of an edge layer', { status: 503, body: '<html>aorREFRESHCANARY' }, 'upstream_broken'],
    ['a malformed request', oidcError(400, 'InvalidRequestException', 'invalid_request'), 'upstream_refused'],
    ['a response without a token', { body: {} }, 'upstream_broken'],
  ])('identifies %s by its code, never by its message', async (_name, reply, code) => {
    const { endpoints, seen } = await serve(reply);
    const error = await failure(endpoints.refresh(aws));
    expect(error.name).toBe('GatewayError');
    expect(error.code).toBe(code);
    expect(JSON.stringify([error.message, error.upstream])).not.toContain('CANARY');
    expect(seen).toHaveLength(1);
  });

  it('opens in a browser with the PKCE challenge and redeems the code', async () => {
    const { url, signIn, seen } = await serve({ body: { accessToken: 'aoa', refreshToken: 'aor', expiresIn: 7 } });
    const redirectUri = 'http://127.0.0.1:49152/oauth/callback';
    const address = new URL(signIn.authorizeUrl('us-east-1', 'c', redirectUri, 'challenge', 'state'));
    expect(address.origin + address.pathname).toBe(`${url}/authorize`);
    expect(Object.fromEntries(address.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'c',
      redirect_uri: redirectUri,
      scopes: 'codewhisperer:completions,codewhisperer:analysis,codewhisperer:conversations',
      state: 'state',
      code_challenge: 'challenge',
      code_challenge_method: 'S256',
    });
    const tokens = await signIn.redeemCode('us-east-1', client, { code: 'x', codeVerifier: 'v', redirectUri }, never);
    expect(tokens).toMatchObject({ accessToken: 'aoa', refreshToken: 'aor', expiresInS: 7 });
    expect(seen[0]?.body).toMatchObject({ grantType: 'authorization_code', code: 'x', codeVerifier: 'v', redirectUri });
  });

  it('registers a client for browsers with the port left open', async () => {
    const { signIn, seen } = await serve({ body: { clientId: 'c', clientSecret: 's', clientSecretExpiresAt: 1 } });
    await signIn.registerClient('us-east-1', 'https://x/start', 'browser', never);
    expect(seen[0]?.body).toMatchObject({
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: ['http://127.0.0.1/oauth/callback'],
    });
  });

  it('is never called in an invalid region', async () => {
    const { endpoints, seen } = await serve({ body: {} });
    expect((await failure(endpoints.refresh({ ...aws, region: 'x.evil.example/' }))).code).toBe('invalid_request');
    expect(seen).toEqual([]);
  });

  it('is aborted when the sign-in is cancelled', async () => {
    const { signIn } = await serve('stall');
    const cancel = new AbortController();
    const asked = failure(signIn.registerClient('us-east-1', 'https://x', 'device', cancel.signal));
    setImmediate(() => cancel.abort());
    expect((await asked).code).toBe('client_closed');
  });
});

describe('Kiro’s sign-in service', () => {
  it('refreshes', async () => {
    const { endpoints, seen } = await serve({
      body: { accessToken: 'aoa', refreshToken: 'aor-2', profileArn: 'arn', expiresIn: 60 },
    });
    expect(await endpoints.refresh(social)).toEqual({
      accessToken: 'aoa',
      refreshToken: 'aor-2',
      profileArn: 'arn',
      expiresInS: 60,
    });
    expect(seen[0]).toMatchObject({ path: '/refreshToken', body: { refreshToken: 'aorREFRESHCANARY' } });
    expect(seen[0]?.headers['user-agent']).toBe('dragoman/test');
  });

  it('may return an expiry time instead of a lifetime', async () => {
    const { endpoints } = await serve({ body: { accessToken: 'aoa', expiresAt: '2026-01-01T00:10:00Z' } });
    expect((await endpoints.refresh(social)).expiresInS).toBe(600);
  });

  it.each<[string, Reply, string, number | undefined]>([
    ['a dead token', { status: 400, body: { error: 'invalid_grant' } }, 'credential_rejected', undefined],
    ['bad credentials', { status: 401, body: 'Bad credentials' }, 'credential_rejected', undefined],
    ['a refusal', { status: 403, body: {} }, 'permission_denied', undefined],
    ['throttling', { status: 429, headers: { 'retry-after': '3' }, body: {} }, 'upstream_throttled', 3000],
    ['throttling without a time', { status: 429, body: {} }, 'upstream_throttled', undefined],
    ['another bad request', { status: 400, body: 'aorREFRESHCANARY' }, 'upstream_refused', undefined],
    ['a broken service', { status: 502, body: '<html>' }, 'upstream_broken', undefined],
    ['a response that is not JSON', { body: 'aorREFRESHCANARY' }, 'upstream_broken', undefined],
  ])('identifies %s by its code', async (_name, reply, code, retryAfterMs) => {
    const { endpoints } = await serve(reply);
    const error = await failure(endpoints.refresh(social));
    expect(error.code).toBe(code);
    expect(error.retryAfterMs).toBe(retryAfterMs);
    expect(JSON.stringify([error.message, error.upstream])).not.toContain('CANARY');
  });
});

describe('Kiro’s sign-in', () => {
  it('starts on the portal, which offers Google or GitHub', async () => {
    const { url, signIn } = await serve({ body: {} });
    const address = new URL(signIn.socialSignInUrl('http://127.0.0.1:3128', 'challenge', 'state'));
    expect(address.origin + address.pathname).toBe(`${url}/signin`);
    expect(Object.fromEntries(address.searchParams)).toEqual({
      state: 'state',
      code_challenge: 'challenge',
      code_challenge_method: 'S256',
      redirect_uri: 'http://127.0.0.1:3128',
      redirect_from: 'KiroIDE',
    });
  });

  it('redeems the code from the browser', async () => {
    const { signIn, seen } = await serve({ body: { accessToken: 'aoa', refreshToken: 'aor', profileArn: 'arn' } });
    const code = { code: 'c', codeVerifier: 'v', redirectUri: 'http://127.0.0.1:3128/oauth/callback' };
    const tokens = await signIn.redeemSocialCode(code, never);
    expect(tokens).toEqual({ accessToken: 'aoa', refreshToken: 'aor', profileArn: 'arn', expiresInS: undefined });
    const body = { code: 'c', code_verifier: 'v', redirect_uri: code.redirectUri };
    expect(seen[0]).toMatchObject({ path: '/oauth/token', body });
  });

  it.each<[object, string]>([
    [{ status: 'authorization_pending' }, 'pending'],
    [{ status: 'slow_down' }, 'slow-down'],
    [{ status: 'expired_token' }, 'expired'],
    [{ status: 'whatever else' }, 'denied'],
  ])('with a device code passes on %j', async (body, type) => {
    const { signIn } = await serve({ body });
    expect(await signIn.pollSocialDevice('d', never)).toEqual({ type });
  });
});

describe('an organisation’s identity provider', () => {
  it('refreshes with a form and keeps the old refresh token if it gets no new one', async () => {
    const { url, endpoints, seen } = await serve({ body: { access_token: 'eyJ', expires_in: 4000 } });
    const made = await endpoints.refresh({ ...external, tokenEndpoint: `${url}/t/token` });
    expect(made).toEqual({ accessToken: 'eyJ', refreshToken: undefined, expiresInS: 4000, profileArn: undefined });
    const body = { client_id: 'c', grant_type: 'refresh_token', refresh_token: 'aorREFRESHCANARY', scope: 'a b' };
    expect(seen[0]).toMatchObject({ path: '/t/token', body });
  });

  it.each<[string, Reply, string, number | undefined]>([
    ['a dead token', { status: 400, body: { error: 'invalid_grant' } }, 'credential_rejected', undefined],
    [
      'a person who must come',
      { status: 400, body: { error: 'interaction_required' } },
      'credential_rejected',
      undefined,
    ],
    ['bad credentials', { status: 401, body: {} }, 'credential_rejected', undefined],
    ['throttling', { status: 429, headers: { 'retry-after': '3' }, body: {} }, 'upstream_throttled', 3000],
    ['a busy service', { status: 400, body: { error: 'temporarily_unavailable' } }, 'upstream_throttled', undefined],
    ['a broken service', { status: 503, body: '<html>' }, 'upstream_broken', undefined],
    ['a refusal', { status: 403, body: {} }, 'permission_denied', undefined],
    ['wrong scopes', { status: 400, body: { error: 'invalid_scope' } }, 'upstream_refused', undefined],
    ['secrets in its message', { status: 400, body: { error: 'aorREFRESHCANARY' } }, 'upstream_refused', undefined],
    ['a response without a token', { body: {} }, 'upstream_broken', undefined],
  ])('identifies %s by its code', async (_name, reply, code, retryAfterMs) => {
    const { url, endpoints } = await serve(reply);
    const error = await failure(endpoints.refresh({ ...external, tokenEndpoint: `${url}/t/token` }));
    expect([error.code, error.retryAfterMs]).toEqual([code, retryAfterMs]);
    expect(JSON.stringify([error.message, error.upstream])).not.toContain('CANARY');
  });
});

describe('an unreachable token endpoint', () => {
  it.each([
    ['AWS', aws],
    ['Kiro', social],
  ])('is reported as unreachable: %s', async (_name, credential) => {
    const { endpoints } = await serve({ body: {} });
    await closers.pop()?.();
    const error = await failure(endpoints.refresh(credential));
    expect(error.code).toBe('upstream_broken');
    expect(error.message).not.toContain('CANARY');
  });
});
