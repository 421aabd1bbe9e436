/**
 * AWS SSO OIDC, the sign-in service of Builder ID and Identity Center, through AWS's own client. The client is loaded
 * at first use, since most starts have a valid token. Its responses and errors become dragoman's own here.
 */
import type { SSOOIDCClient } from '@aws-sdk/client-sso-oidc';
import { checkedRegion, REGION_PATTERN } from '../accounts/credentials/patterns.ts';
import type { AwsCredential } from '../accounts/credentials.ts';
import type {
  BrowserCode,
  ClientRegistration,
  DeviceAuthorization,
  DevicePoll,
  NewTokens,
  SignedInTokens,
  SignInFlow,
} from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import { createSdkHandler } from './sdk-handler.ts';
import type { SmallConnections } from './small-exchange.ts';

const CLIENT_NAME = 'dragoman';
const SCOPES = ['codewhisperer:completions', 'codewhisperer:analysis', 'codewhisperer:conversations'];
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const CODE_GRANT = 'authorization_code';
const REFRESH_GRANT = 'refresh_token';
const CALLBACK_PATH = '/oauth/callback';
const USUAL_TOKEN_LIFE_S = 3_600;

/** The redirect URI omits the loopback port, which the service ignores when it compares the actual URI. */
const GRANTS_OF: Record<SignInFlow, { readonly grantTypes: string[]; readonly redirectUris?: string[] }> = {
  device: { grantTypes: [DEVICE_GRANT, REFRESH_GRANT] },
  browser: { grantTypes: [CODE_GRANT, REFRESH_GRANT], redirectUris: [`http://127.0.0.1${CALLBACK_PATH}`] },
};

export interface OidcOptions {
  readonly connections: SmallConnections;
  /** Replaces `https://oidc.{region}.amazonaws.com`; may contain `{region}` too. */
  readonly url: string | undefined;
  readonly userAgent: string;
}

export class Oidc {
  readonly #options: OidcOptions;
  readonly #clients = new Map<string, Promise<SSOOIDCClient>>();

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  registerClient(region: string, startUrl: string, flow: SignInFlow, signal: AbortSignal): Promise<ClientRegistration> {
    return explained('did not register a client', signal, async () => {
      const [client, { RegisterClientCommand }] = await this.#load(region);
      const input = {
        clientName: CLIENT_NAME,
        clientType: 'public',
        scopes: SCOPES,
        ...GRANTS_OF[flow],
        issuerUrl: startUrl,
      };
      const output = await client.send(new RegisterClientCommand(input), { abortSignal: signal });
      const { clientId, clientSecret, clientSecretExpiresAt } = output;
      if (!clientId || !clientSecret) throw incomplete();
      // Seconds since 1970. 0 or absent means that it never expires; treat it as expired to be safe.
      return { clientId, clientSecret, expiresAtMs: (clientSecretExpiresAt ?? 0) * 1000 };
    });
  }

  startDevice(
    region: string,
    startUrl: string,
    { clientId, clientSecret }: ClientRegistration,
    signal: AbortSignal,
  ): Promise<DeviceAuthorization> {
    return explained('did not start a sign-in', signal, async () => {
      const [client, { StartDeviceAuthorizationCommand }] = await this.#load(region);
      const command = new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl });
      const output = await client.send(command, { abortSignal: signal });
      const { deviceCode, userCode, verificationUri, verificationUriComplete, expiresIn, interval } = output;
      if (!deviceCode || !userCode || !verificationUri) throw incomplete();
      return {
        deviceCode,
        userCode,
        verificationUrl: verificationUri,
        verificationUrlComplete: verificationUriComplete,
        expiresInS: expiresIn ?? 600,
        intervalS: interval,
      };
    });
  }

  async pollDevice(
    region: string,
    { clientId, clientSecret }: ClientRegistration,
    deviceCode: string,
    signal: AbortSignal,
  ): Promise<DevicePoll> {
    const [client, { CreateTokenCommand }] = await this.#load(region);
    const command = new CreateTokenCommand({ clientId, clientSecret, grantType: DEVICE_GRANT, deviceCode });
    try {
      const output = await client.send(command, { abortSignal: signal });
      return { type: 'signed-in', tokens: withRefreshToken(toTokens(output)) };
    } catch (cause) {
      const waiting = POLL_ANSWERS[nameOf(cause)];
      if (waiting) return { type: waiting };
      throw explain('issued no token', cause, signal);
    }
  }

  /** The URL to open in the browser, which returns to `redirectUri` with a code and `state`. */
  authorizeUrl(region: string, clientId: string, redirectUri: string, challenge: string, state: string): string {
    checkedRegion(region);
    const url = new URL(`${this.#endpointOf(region) ?? `https://oidc.${region}.amazonaws.com`}/authorize`);
    const query = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scopes: SCOPES.join(','),
      state,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  }

  redeemCode(
    region: string,
    { clientId, clientSecret }: ClientRegistration,
    { code, codeVerifier, redirectUri }: BrowserCode,
    signal: AbortSignal,
  ): Promise<SignedInTokens> {
    return explained('issued no token', signal, async () => {
      const [client, { CreateTokenCommand }] = await this.#load(region);
      const input = { clientId, clientSecret, grantType: CODE_GRANT, code, codeVerifier, redirectUri };
      return withRefreshToken(toTokens(await client.send(new CreateTokenCommand(input), { abortSignal: signal })));
    });
  }

  refresh({ region, clientId, clientSecret, refreshToken }: AwsCredential): Promise<NewTokens> {
    return explained('issued no access token', undefined, async () => {
      const [client, { CreateTokenCommand }] = await this.#load(region);
      const command = new CreateTokenCommand({ clientId, clientSecret, grantType: REFRESH_GRANT, refreshToken });
      return toTokens(await client.send(command));
    });
  }

  async #load(region: string): Promise<[SSOOIDCClient, typeof import('@aws-sdk/client-sso-oidc')]> {
    checkedRegion(region);
    const sdk = await import('@aws-sdk/client-sso-oidc');
    let client = this.#clients.get(region);
    if (!client) {
      client = Promise.resolve(this.#create(sdk, region));
      this.#clients.set(region, client);
    }
    return [await client, sdk];
  }

  #endpointOf(region: string): string | undefined {
    return this.#options.url?.replace('{region}', region);
  }

  #create(sdk: typeof import('@aws-sdk/client-sso-oidc'), region: string): SSOOIDCClient {
    const { connections, userAgent } = this.#options;
    const url = this.#endpointOf(region);
    return new sdk.SSOOIDCClient({
      region,
      ...(url === undefined ? {} : { endpoint: url }),
      // A token may have been rotated even if the response got lost, so the SDK must not retry.
      maxAttempts: 1,
      retryMode: 'standard',
      defaultsMode: 'standard',
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      userAgentAppId: CLIENT_NAME,
      customUserAgent: userAgent,
      requestHandler: createSdkHandler(connections),
    });
  }
}

function toTokens({
  accessToken,
  refreshToken,
  expiresIn,
}: {
  accessToken?: string | undefined;
  refreshToken?: string | undefined;
  expiresIn?: number | undefined;
}): NewTokens {
  if (!accessToken) throw incomplete();
  return { accessToken, refreshToken, expiresInS: expiresIn ?? USUAL_TOKEN_LIFE_S, profileArn: undefined };
}

function withRefreshToken(tokens: NewTokens): SignedInTokens {
  const { refreshToken } = tokens;
  if (refreshToken === undefined) throw incomplete();
  return { ...tokens, refreshToken };
}

const POLL_ANSWERS: Readonly<Record<string, 'pending' | 'slow-down' | 'expired' | 'denied' | 'client-rejected'>> = {
  AuthorizationPendingException: 'pending',
  SlowDownException: 'slow-down',
  ExpiredTokenException: 'expired',
  AccessDeniedException: 'denied',
  InvalidClientException: 'client-rejected',
  UnauthorizedClientException: 'client-rejected',
};

/** Errors that require a new sign-in. */
const DEAD: ReadonlySet<string> = new Set([
  'InvalidGrantException',
  'InvalidClientException',
  'UnauthorizedClientException',
  'ExpiredTokenException',
  'AccessDeniedException',
]);

async function explained<T>(what: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw explain(what, cause, signal);
  }
}

/** Omits the service's message, because descriptions of rejected tokens have been seen to quote them. */
function explain(what: string, cause: unknown, signal: AbortSignal | undefined): GatewayError {
  if (signal?.aborted) return new GatewayError('client_closed', 'The sign-in was cancelled.');
  if (cause instanceof GatewayError) return cause;
  const name = nameOf(cause);
  const status = statusOf(cause);
  const details = {
    upstream: { status: status ?? 0, name, reason: undefined, message: undefined, requestId: undefined },
  };
  const message = `The AWS sign-in service ${what}: ${name}.`;
  if (DEAD.has(name)) {
    return new GatewayError('credential_rejected', `${message} Sign in again with \`dragoman login\`.`, details);
  }
  if (name === 'SlowDownException' || status === 429) return new GatewayError('upstream_throttled', message, details);
  if (status === undefined || status >= 500) return new GatewayError('upstream_broken', message, details);
  const home = regionIn(cause);
  const advice =
    home === undefined ? 'Check the region and start URL.' : `This start URL belongs to ${home}. Use that region.`;
  return new GatewayError('upstream_refused', `${message} ${advice}`, details);
}

/** The right region, as the service reports it to requests in a wrong one. */
function regionIn(cause: unknown): string | undefined {
  if (!(cause instanceof Error && 'region' in cause)) return undefined;
  return typeof cause.region === 'string' && REGION_PATTERN.test(cause.region) ? cause.region : undefined;
}

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : 'unknown';
}

function statusOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error && '$metadata' in cause)) return undefined;
  const { $metadata } = cause;
  if (typeof $metadata !== 'object' || $metadata === null || !('httpStatusCode' in $metadata)) return undefined;
  return typeof $metadata.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;
}

function incomplete(): GatewayError {
  return new GatewayError('upstream_broken', 'The AWS sign-in service returned an incomplete response.');
}
