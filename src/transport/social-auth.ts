/**
 * Kiro's auth service, for accounts signed in with Google or GitHub: camelCase responses, as the Kiro IDE and CLI get
 * them. Sign-in goes through the portal in a browser, or with a code on another device.
 */
import { refusalOf, type SocialCredential } from '../accounts/credentials.ts';
import type { BrowserCode, DeviceAuthorization, DevicePoll, NewTokens, SignedInTokens } from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import { parseJsonObject } from '../core/json.ts';
import { cappedMs, MAX_THROTTLE_WAIT_MS, parseRetryAfter } from '../core/times.ts';
import { exchange, type SmallAnswer, type SmallConnections } from './small-exchange.ts';

export interface SocialAuthOptions {
  readonly connections: SmallConnections;
  /** No trailing slash. */
  readonly url: string;
  readonly userAgent: string;
  readonly now: () => number;
}

/** The Kiro CLI's client id; the device flow rejects any other. */
const CLIENT_ID = 'kiro-cli';
const USUAL_TOKEN_LIFE_S = 3_600;
const USUAL_DEVICE_LIFE_S = 300;

export async function refreshSocial(options: SocialAuthOptions, credential: SocialCredential): Promise<NewTokens> {
  const answer = await post(options, '/refreshToken', { refreshToken: credential.refreshToken });
  if (answer.status !== 200) throw refusal(answer, refusalOf(credential));
  const tokens = toTokens(parse(answer), options.now());
  return { ...tokens, expiresInS: tokens.expiresInS ?? USUAL_TOKEN_LIFE_S };
}

/** `portalUrl`: no trailing slash. The portal lets the user choose Google or GitHub. */
export function socialSignInUrl(portalUrl: string, redirectUri: string, challenge: string, state: string): string {
  const url = new URL(`${portalUrl}/signin`);
  const query = {
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    redirect_uri: redirectUri,
    redirect_from: 'KiroIDE',
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

export async function redeemSocialCode(
  options: SocialAuthOptions,
  { code, codeVerifier, redirectUri }: BrowserCode,
  signal: AbortSignal,
): Promise<SignedInTokens> {
  const body = { code, code_verifier: codeVerifier, redirect_uri: redirectUri };
  const answer = await post(options, '/oauth/token', body, signal);
  if (answer.status !== 200) throw refusal(answer);
  return withRefreshToken(toTokens(parse(answer), options.now()));
}

export async function startSocialDevice(
  options: SocialAuthOptions,
  provider: 'google' | 'github',
  signal: AbortSignal,
): Promise<DeviceAuthorization> {
  const loginProvider = provider === 'google' ? 'Google' : 'Github';
  const answer = await post(options, '/oauth/device/authorization', { clientId: CLIENT_ID, loginProvider }, signal);
  if (answer.status !== 200) throw refusal(answer);
  const body = parse(answer);
  const deviceCode = textOf(body.deviceCode);
  const userCode = textOf(body.userCode);
  const verificationUrl = textOf(body.verificationUri);
  if (deviceCode === undefined || userCode === undefined || verificationUrl === undefined) throw incomplete();
  return {
    deviceCode,
    userCode,
    verificationUrl,
    verificationUrlComplete: textOf(body.verificationUriComplete),
    expiresInS: secondsOf(body.expiresInMilliseconds) ?? USUAL_DEVICE_LIFE_S,
    intervalS: secondsOf(body.intervalInMilliseconds),
  };
}

/** The service returns 200 while pending, with the state in `status`. */
export async function pollSocialDevice(
  options: SocialAuthOptions,
  deviceCode: string,
  signal: AbortSignal,
): Promise<DevicePoll> {
  const answer = await post(options, '/oauth/device/poll', { clientId: CLIENT_ID, deviceCode }, signal);
  if (answer.status !== 200) throw refusal(answer);
  const body = parse(answer);
  if (textOf(body.accessToken) !== undefined)
    return { type: 'signed-in', tokens: withRefreshToken(toTokens(body, options.now())) };
  return { type: POLL_ANSWERS[textOf(body.status) ?? ''] ?? 'denied' };
}

const POLL_ANSWERS: Readonly<Record<string, 'pending' | 'slow-down' | 'expired'>> = {
  authorization_pending: 'pending',
  slow_down: 'slow-down',
  expired_token: 'expired',
};

function post(
  { connections, url, userAgent }: SocialAuthOptions,
  path: string,
  body: object,
  signal?: AbortSignal,
): Promise<SmallAnswer> {
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'user-agent': userAgent };
  return exchange(connections, { url: `${url}${path}`, method: 'POST', headers, body: JSON.stringify(body) }, signal);
}

interface PossibleTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly profileArn: string | undefined;
  readonly expiresInS: number | undefined;
}

function toTokens(body: Readonly<Record<string, unknown>>, nowMs: number): PossibleTokens {
  const accessToken = textOf(body.accessToken);
  if (accessToken === undefined) throw incomplete();
  return {
    accessToken,
    refreshToken: textOf(body.refreshToken),
    profileArn: textOf(body.profileArn),
    expiresInS: lifeOf(body, nowMs),
  };
}

function withRefreshToken(tokens: PossibleTokens): SignedInTokens {
  const { refreshToken } = tokens;
  if (refreshToken === undefined) throw incomplete();
  return { ...tokens, refreshToken };
}

function incomplete(): GatewayError {
  return new GatewayError('upstream_broken', "Kiro's sign-in service returned an incomplete response.");
}

function secondsOf(ms: unknown): number | undefined {
  return typeof ms === 'number' && ms > 0 ? Math.ceil(ms / 1000) : undefined;
}

/** undefined if the response does not state it. */
function lifeOf({ expiresIn, expiresAt }: Readonly<Record<string, unknown>>, nowMs: number): number | undefined {
  if (typeof expiresIn === 'number') return expiresIn;
  const untilMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  return Number.isNaN(untilMs) ? undefined : Math.round((untilMs - nowMs) / 1000);
}

/** Throttling and server errors say nothing about the credential: only a clear rejection invalidates it. */
function refusal(answer: SmallAnswer, meaning = 'Start the sign-in again.'): GatewayError {
  const { status, headers } = answer;
  const message = `Could not get an access token from Kiro's sign-in service (HTTP ${status}).`;
  const upstream = {
    status,
    name: undefined,
    reason: undefined,
    message: undefined,
    requestId: headers['x-amzn-requestid'],
  };
  const isDead =
    status === 401 || (status === 400 && /invalid_grant|invalid refresh token|bad credentials/i.test(text(answer)));
  if (isDead) {
    return new GatewayError('credential_rejected', `${message} ${meaning}`, { upstream });
  }
  if (status === 403) return new GatewayError('permission_denied', message, { upstream });
  if (status === 429) {
    const waitMs = parseRetryAfter(headers['retry-after'], Date.now());
    const retryAfterMs = waitMs === undefined ? undefined : cappedMs(waitMs, MAX_THROTTLE_WAIT_MS);
    return new GatewayError('upstream_throttled', message, { upstream, retryAfterMs });
  }
  return new GatewayError(status >= 500 ? 'upstream_broken' : 'upstream_refused', message, { upstream });
}

function parse(answer: SmallAnswer): Readonly<Record<string, unknown>> {
  return parseJsonObject(text(answer)) ?? {};
}

function text({ body }: SmallAnswer): string {
  return Buffer.from(body).toString('utf8');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
