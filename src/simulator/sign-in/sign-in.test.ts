import { afterEach, describe, expect, it } from 'vitest';
import {
  BUILDER_ID_START_URL,
  DEFAULT_ACCOUNT,
  EXTERNAL_IDP_ACCOUNT,
  IDC_ACCOUNT,
  SOCIAL_ACCOUNT,
} from '../default-accounts.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../server.ts';
import { challengeOf } from './oidc.ts';

type Fields = Record<string, string>;

let simulator: Simulator;
let nowMs = Date.UTC(2026, 0, 15);

async function open(options: SimulatorOptions = {}): Promise<void> {
  simulator = await startSimulator({ clock: () => nowMs, ...options });
}

afterEach(() => simulator.close());

async function post(path: string, body: object): Promise<{ status: number; error: string | null; body: Fields }> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(simulator.url + path, init);
  // The test reads members by name and fails if one is missing.
  return {
    status: response.status,
    error: response.headers.get('x-amzn-errortype'),
    body: (await response.json()) as Fields,
  };
}

async function register(): Promise<Fields> {
  return (await post('/client/register', { clientName: 'test', clientType: 'public' })).body;
}

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

async function startDevice(startUrl = BUILDER_ID_START_URL) {
  const { clientId = '', clientSecret = '' } = await register();
  const device = (await post('/device_authorization', { clientId, clientSecret, startUrl })).body;
  const client = { clientId, clientSecret };
  const poll = () => post('/token', { ...client, grantType: DEVICE, deviceCode: device.deviceCode });
  return { device, client, poll };
}

const refresh = (client: object, refreshToken: string) =>
  post('/token', { ...client, grantType: 'refresh_token', refreshToken });

async function listModels(accessToken: string): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` };
  return (await fetch(`${simulator.url}/ListAvailableModels?origin=CLI`, { headers })).status;
}

describe('the device flow', () => {
  it('is pending until approved, then returns working tokens once', async () => {
    await open();
    const { device, poll } = await startDevice();
    expect(device.userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
    expect(await poll()).toMatchObject({
      status: 400,
      error: 'AuthorizationPendingException',
      body: { error: 'authorization_pending' },
    });
    const page = await (await fetch(`${device.verificationUriComplete}`)).text();
    const link = /href="([^"]+answer=approve)"/.exec(page)?.[1]?.replace('&amp;', '&');
    expect(await (await fetch(simulator.url + link)).text()).toContain('Approved');
    nowMs += 1000;
    const tokens = await poll();
    expect(tokens).toMatchObject({ status: 200, body: { tokenType: 'Bearer', expiresIn: 3600 } });
    expect(await listModels(tokens.body.accessToken ?? '')).toBe(200);
    nowMs += 1000;
    expect(await poll()).toMatchObject({ body: { error: 'invalid_grant' } });
  });

  it('asks a hasty client to slow down, by five seconds each time', async () => {
    await open();
    const { device, poll } = await startDevice();
    await poll();
    nowMs += 500;
    expect(await poll()).toMatchObject({ error: 'SlowDownException', body: { error: 'slow_down' } });
    nowMs += 1000;
    expect(await poll()).toMatchObject({ body: { error: 'slow_down' } });
    nowMs += 11_000;
    simulator.approve(device.userCode ?? '');
    expect((await poll()).status).toBe(200);
  });

  it('ends when the user denies it or is too late', async () => {
    await open();
    const denied = await startDevice();
    simulator.deny(denied.device.userCode ?? '');
    expect(await denied.poll()).toMatchObject({ status: 400, body: { error: 'access_denied' } });
    const late = await startDevice();
    nowMs += 601_000;
    expect(await late.poll()).toMatchObject({
      status: 400,
      error: 'ExpiredTokenException',
      body: { error: 'expired_token' },
    });
  });

  it('approves by itself after the configured number of polls', async () => {
    await open({ approveAfterPolls: 2 });
    const { poll } = await startDevice();
    const outcomes: unknown[] = [];
    for (let number = 0; number < 3; number += 1) {
      outcomes.push((await poll()).body.error);
      nowMs += 1000;
    }
    expect(outcomes).toEqual(['authorization_pending', 'authorization_pending', undefined]);
  });

  it('signs in at an organisation’s start URL, and refuses an unknown one', async () => {
    await open({ approveAfterPolls: 0 });
    const { poll } = await startDevice(`${IDC_ACCOUNT.startUrl}/`);
    const { accessToken = '' } = (await poll()).body;
    const headers = { authorization: `Bearer ${accessToken}` };
    const profiles = await (
      await fetch(`${simulator.url}/ListAvailableProfiles`, { method: 'POST', headers, body: '{}' })
    ).json();
    expect(profiles).toMatchObject({ profiles: [{ arn: IDC_ACCOUNT.profileArn }] });
    expect((await startDevice('https://nobody.awsapps.com/start')).device.error).toBe('invalid_request');
  });
});

describe('refreshing', () => {
  it('rotates the refresh token, which is valid once and only for its client', async () => {
    await open();
    const client = { clientId: DEFAULT_ACCOUNT.clientId, clientSecret: DEFAULT_ACCOUNT.clientSecret };
    const stranger = await register();
    const foreign = { clientId: stranger.clientId, clientSecret: stranger.clientSecret };
    expect(await refresh(foreign, DEFAULT_ACCOUNT.refreshToken)).toMatchObject({ body: { error: 'invalid_grant' } });
    const first = await refresh(client, DEFAULT_ACCOUNT.refreshToken);
    expect(first.status).toBe(200);
    expect(first.body.refreshToken).not.toBe(DEFAULT_ACCOUNT.refreshToken);
    expect(await refresh(client, DEFAULT_ACCOUNT.refreshToken)).toMatchObject({
      status: 400,
      error: 'InvalidGrantException',
      body: { error: 'invalid_grant', error_description: 'Invalid refresh token provided' },
    });
    expect((await refresh(client, first.body.refreshToken ?? '')).status).toBe(200);
  });

  it('fails for an unknown client or an expired registration', async () => {
    await open();
    const client = { clientId: DEFAULT_ACCOUNT.clientId, clientSecret: DEFAULT_ACCOUNT.clientSecret };
    const wrong = { ...client, clientSecret: 'wrong' };
    expect(await refresh(wrong, DEFAULT_ACCOUNT.refreshToken)).toMatchObject({
      status: 401,
      error: 'InvalidClientException',
    });
    nowMs += 91 * 24 * 3_600_000;
    expect(await refresh(client, DEFAULT_ACCOUNT.refreshToken)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
  });

  it('refreshes an account with expired access tokens, but not a revoked one', async () => {
    await open();
    const client = { clientId: DEFAULT_ACCOUNT.clientId, clientSecret: DEFAULT_ACCOUNT.clientSecret };
    expect(await listModels(DEFAULT_ACCOUNT.accessToken)).toBe(200);
    simulator.setAccount('default', { state: 'expired' });
    expect(await listModels(DEFAULT_ACCOUNT.accessToken)).toBe(403);
    const { accessToken = '', refreshToken = '' } = (await refresh(client, DEFAULT_ACCOUNT.refreshToken)).body;
    expect(await listModels(accessToken)).toBe(200);
    nowMs += 3_601_000;
    expect(await listModels(accessToken)).toBe(403);
    simulator.setAccount('default', { state: 'revoked' });
    expect(await refresh(client, refreshToken)).toMatchObject({ body: { error: 'invalid_grant' } });
  });
});

describe('the browser flow with a code', () => {
  const verifier = 'v'.repeat(43);
  const challenge = challengeOf(verifier);

  it('returns a code for the challenge, valid once with its verifier', async () => {
    await open();
    const { clientId = '', clientSecret = '' } = await register();
    const redirectUri = 'http://127.0.0.1:9/oauth/callback';
    const code = async () => {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        state: 's',
      });
      query.append('code_challenge', challenge);
      const response = await fetch(`${simulator.url}/authorize?${query}`, { redirect: 'manual' });
      const location = new URL(response.headers.get('location') ?? '');
      expect(location.searchParams.get('state')).toBe('s');
      return location.searchParams.get('code');
    };
    const redeem = (value: string | null, codeVerifier: string) =>
      post('/token', {
        clientId,
        clientSecret,
        grantType: 'authorization_code',
        code: value,
        redirectUri,
        codeVerifier,
      });
    expect(await redeem(await code(), 'w'.repeat(43))).toMatchObject({ body: { error: 'invalid_grant' } });
    const value = await code();
    expect((await redeem(value, verifier)).status).toBe(200);
    expect(await redeem(value, verifier)).toMatchObject({ body: { error: 'invalid_grant' } });
  });

  it('signs social accounts in', async () => {
    await open();
    const redirectUri = 'kiro://kiro.kiroAgent/authenticate-success';
    const query = new URLSearchParams({ idp: 'Google', redirect_uri: redirectUri, state: 's' });
    query.append('code_challenge', challenge);
    const response = await fetch(`${simulator.url}/login?${query}`, { redirect: 'manual' });
    const code = new URL(response.headers.get('location') ?? '').searchParams.get('code');
    const tokens = await post('/oauth/token', { code, code_verifier: verifier, redirect_uri: redirectUri });
    expect(tokens).toMatchObject({ status: 200, body: { expiresIn: 3600, profileArn: SOCIAL_ACCOUNT.profileArn } });
  });
});

describe('Kiro’s own sign-in service', () => {
  it('refreshes only social accounts, once per refresh token', async () => {
    await open();
    const first = await post('/refreshToken', { refreshToken: SOCIAL_ACCOUNT.refreshToken });
    expect(first).toMatchObject({ status: 200, body: { profileArn: SOCIAL_ACCOUNT.profileArn } });
    const again = await post('/refreshToken', { refreshToken: SOCIAL_ACCOUNT.refreshToken });
    expect(again).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', message: 'Invalid refresh token provided' },
    });
    expect((await post('/refreshToken', { refreshToken: DEFAULT_ACCOUNT.refreshToken })).status).toBe(400);
  });

  it('has a device flow that counts in milliseconds and polls with status 200', async () => {
    await open({ approveAfterPolls: 1 });
    const started = await post('/oauth/device/authorization', { clientId: 'kiro-cli', loginProvider: 'Google' });
    expect(started.body).toMatchObject({ intervalInMilliseconds: 1000, expiresInMilliseconds: 600_000 });
    const poll = () => post('/oauth/device/poll', { clientId: 'kiro-cli', deviceCode: started.body.deviceCode });
    expect(await poll()).toMatchObject({ status: 200, body: { status: 'authorization_pending' } });
    nowMs += 1000;
    expect(await poll()).toMatchObject({
      status: 200,
      body: { status: 'authorized', profileArn: SOCIAL_ACCOUNT.profileArn },
    });
  });
});

describe('an organisation’s OpenID provider', () => {
  it('refreshes with a form, in snake case', async () => {
    await open();
    const form = {
      grant_type: 'refresh_token',
      client_id: EXTERNAL_IDP_ACCOUNT.clientId,
      refresh_token: EXTERNAL_IDP_ACCOUNT.refreshToken,
    };
    const send = () =>
      fetch(`${simulator.url}/tenant/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(await (await send()).json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    expect((await send()).status).toBe(400);
  });
});
