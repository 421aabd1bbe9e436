/** Kiro's auth service, for accounts signed in with Google or GitHub: `POST /refreshToken`, camelCase JSON both ways. */
import type { Dispatcher } from 'undici';
import type { SocialCredential } from '../accounts/credentials.ts';
import type { NewTokens } from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { exchange, type SmallAnswer } from './small-exchange.ts';

export interface SocialAuthOptions {
  readonly dispatcher: Dispatcher;
  /** No trailing slash. */
  readonly url: string;
  readonly userAgent: string;
  readonly now: () => number;
}

const USUAL_TOKEN_LIFE_S = 3_600;

export async function refreshSocial(
  { dispatcher, url, userAgent, now }: SocialAuthOptions,
  { refreshToken }: SocialCredential,
): Promise<NewTokens> {
  const request = {
    url: `${url}/refreshToken`,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': userAgent },
    body: JSON.stringify({ refreshToken }),
  };
  const answer = await exchange(dispatcher, request, undefined);
  if (answer.status !== 200) throw refusal(answer);
  const body = parse(answer);
  const accessToken = textOf(body.accessToken);
  if (accessToken === undefined) {
    throw new GatewayError('upstream_broken', "Kiro's sign-in service answered without an access token.");
  }
  return {
    accessToken,
    refreshToken: textOf(body.refreshToken),
    profileArn: textOf(body.profileArn),
    expiresInS: lifeOf(body, now()),
  };
}

function lifeOf({ expiresIn, expiresAt }: Readonly<Record<string, unknown>>, nowMs: number): number {
  if (typeof expiresIn === 'number') return expiresIn;
  const untilMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  return Number.isNaN(untilMs) ? USUAL_TOKEN_LIFE_S : Math.round((untilMs - nowMs) / 1000);
}

/** A throttled or broken service says nothing about the credential: only a clear word kills it. */
function refusal(answer: SmallAnswer): GatewayError {
  const { status, headers } = answer;
  const said = `Kiro's sign-in service made no access token (HTTP ${status}).`;
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
    return new GatewayError('credential_rejected', `${said} Sign in again in the Kiro IDE.`, { upstream });
  }
  if (status === 403) return new GatewayError('permission_denied', said, { upstream });
  if (status === 429) {
    const seconds = Number(headers['retry-after']);
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
    return new GatewayError('upstream_throttled', said, { upstream, retryAfterMs });
  }
  return new GatewayError(status >= 500 ? 'upstream_broken' : 'upstream_refused', said, { upstream });
}

function parse(answer: SmallAnswer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text(answer));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function text({ body }: SmallAnswer): string {
  return Buffer.from(body).toString('utf8');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
