/**
 * An organisation's identity provider: the refresh grant of OAuth 2.0 (RFC 6749, section 6) as a public client, in a
 * form, with snake_case responses. The endpoint comes from an imported file, so it is checked before use.
 */
import { checkedTokenEndpoint } from '../accounts/credentials/patterns.ts';
import { type ExternalIdpCredential, refusalOf } from '../accounts/credentials.ts';
import type { NewTokens } from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import { parseJsonObject } from '../core/json.ts';
import { cappedMs, MAX_THROTTLE_WAIT_MS, parseRetryAfter } from '../core/times.ts';
import { exchange, type SmallAnswer, type SmallConnections } from './small-exchange.ts';

const USUAL_TOKEN_LIFE_S = 3_600;
/** Errors that require a new sign-in: RFC 6749, section 5.2, and OpenID Connect's codes for user interaction. */
const DEAD: ReadonlySet<string> = new Set([
  'invalid_grant',
  'invalid_client',
  'unauthorized_client',
  'interaction_required',
  'login_required',
  'consent_required',
]);

export interface ExternalIdpOptions {
  readonly connections: SmallConnections;
  readonly userAgent: string;
  /** Hosts trusted in addition to the built-in ones. */
  readonly hosts: readonly string[];
}

export async function refreshExternal(
  { connections, userAgent, hosts }: ExternalIdpOptions,
  credential: ExternalIdpCredential,
): Promise<NewTokens> {
  const { refreshToken, clientId, tokenEndpoint, scopes } = credential;
  const form = new URLSearchParams({ client_id: clientId, grant_type: 'refresh_token', refresh_token: refreshToken });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const request = {
    url: trustedEndpoint(tokenEndpoint, hosts),
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'user-agent': userAgent,
    },
    body: form.toString(),
  };
  const answer = await exchange(connections, request, undefined);
  const body = parse(answer);
  if (answer.status !== 200) throw refusal(answer, body, refusalOf(credential));
  const { access_token: accessToken, refresh_token: rotated, expires_in: expiresIn } = body;
  if (typeof accessToken !== 'string' || accessToken === '')
    throw new GatewayError('upstream_broken', 'The identity provider returned no access token.');
  return {
    accessToken,
    refreshToken: typeof rotated === 'string' && rotated !== '' ? rotated : undefined,
    expiresInS: typeof expiresIn === 'number' ? expiresIn : USUAL_TOKEN_LIFE_S,
    profileArn: undefined,
  };
}

/** Blames the account, not the client's request: the account is unusable as it is. */
function trustedEndpoint(tokenEndpoint: string, hosts: readonly string[]): string {
  try {
    return checkedTokenEndpoint(tokenEndpoint, hosts);
  } catch (cause) {
    throw new GatewayError('credential_rejected', GatewayError.from(cause).message, { cause });
  }
}

/** Omits the provider's message, because descriptions of rejected tokens may quote them. */
function refusal(
  { status, headers }: SmallAnswer,
  body: Readonly<Record<string, unknown>>,
  meaning: string,
): GatewayError {
  const name = typeof body.error === 'string' && /^[a-z_]{1,40}$/.test(body.error) ? body.error : undefined;
  const message = `Could not get an access token from the identity provider (HTTP ${status}${name === undefined ? '' : `, ${name}`}).`;
  const upstream = { status, name, reason: undefined, message: undefined, requestId: headers['x-ms-request-id'] };
  if (status === 401 || (name !== undefined && DEAD.has(name)))
    return new GatewayError('credential_rejected', `${message} ${meaning}`, { upstream });
  if (status === 429 || name === 'temporarily_unavailable' || name === 'slow_down') {
    const waitMs = parseRetryAfter(headers['retry-after'], Date.now());
    const retryAfterMs = waitMs === undefined ? undefined : cappedMs(waitMs, MAX_THROTTLE_WAIT_MS);
    return new GatewayError('upstream_throttled', message, { upstream, retryAfterMs });
  }
  if (status >= 500) return new GatewayError('upstream_broken', message, { upstream });
  if (status === 403) return new GatewayError('permission_denied', message, { upstream });
  return new GatewayError('upstream_refused', `${message} Check the account's client id and scopes.`, { upstream });
}

function parse({ body }: SmallAnswer): Readonly<Record<string, unknown>> {
  return parseJsonObject(Buffer.from(body).toString('utf8')) ?? {};
}
