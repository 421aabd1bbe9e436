/**
 * AWS SSO OIDC: registering clients, device codes, tokens.
 * Source: https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/
 */
import { createHash } from 'node:crypto';
import type { JsonValue } from '../../core/json.ts';
import { type Answer, type Call, json, membersOf, textOf } from '../call.ts';
import type { SimulatedAccountState, TokenPair } from '../identities.ts';
import { Refused } from '../refusal.ts';
import type { World } from '../world.ts';
import { answerInBrowser } from './browser.ts';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export function registerClient(call: Call, { signIns }: World): Answer {
  const { clientName, clientType, issuerUrl, grantTypes, redirectUris } = membersOf(call);
  if (textOf(clientName) === undefined || clientType !== 'public') refuse('invalid_client_metadata');
  const redirects = textsOf(redirectUris);
  if (redirects?.some((uri) => !LOOPBACK.test(uri))) refuse('invalid_redirect_uri');
  const registration = signIns.register({
    startUrl: textOf(issuerUrl)?.replace(/\/$/, ''),
    grantTypes: textsOf(grantTypes),
    redirectUris: redirects,
  });
  return json({
    clientId: registration.clientId,
    clientSecret: registration.clientSecret,
    clientIdIssuedAt: registration.issuedAtS,
    clientSecretExpiresAt: registration.expiresAtS,
    authorizationEndpoint: null,
    tokenEndpoint: null,
  });
}

export function startDeviceAuthorization(call: Call, world: World): Answer {
  const { clientId, clientSecret, startUrl } = membersOf(call);
  checkClient(world, clientId, clientSecret);
  const url = textOf(startUrl)?.replace(/\/$/, '');
  const accountState = world.identities.all().find(({ account }) => url !== undefined && account.startUrl === url);
  if (!accountState) refuse('invalid_request', 'No account uses this start URL.');
  checkHome(call, accountState);
  const device = world.signIns.startDevice(accountState, textOf(clientId));
  const verificationUri = `${world.url}/start`;
  return json({
    deviceCode: device.deviceCode,
    userCode: device.userCode,
    verificationUri,
    verificationUriComplete: `${verificationUri}?user_code=${device.userCode}`,
    expiresIn: world.settings.deviceCodeLifeS,
    interval: device.intervalS,
  });
}

/** An Identity Center responds in its own region; the others name that region. */
function checkHome({ region: asked }: Call, { account: { region } }: SimulatedAccountState): void {
  if (asked === undefined || region === undefined || asked === region) return;
  const endpoint = `https://oidc.${region}.amazonaws.com`;
  const body = {
    error: 'invalid_request',
    error_description: 'This start URL belongs to another region.',
    endpoint,
    region,
  };
  throw new OidcRefused('InvalidRequestRegionException', 400, body);
}

export function createToken(call: Call, world: World): Answer {
  const members = membersOf(call);
  const { clientId, clientSecret, grantType } = members;
  checkClient(world, clientId, clientSecret);
  const client = textOf(clientId);
  const allowed = client === undefined ? undefined : world.signIns.findClient(client)?.metadata.grantTypes;
  if (allowed && !allowed.includes(textOf(grantType) ?? '')) refuse('unauthorized_client');
  switch (grantType) {
    case DEVICE_GRANT: {
      const outcome = world.signIns.poll(textOf(members.deviceCode), client);
      return outcome.type === 'tokens' ? writeTokens(outcome.tokens) : refuse(outcome.type);
    }
    case 'authorization_code':
      return writeTokens(redeemCode(world, client, members));
    case 'refresh_token': {
      const tokens = world.identities.redeem(textOf(members.refreshToken) ?? '', client);
      return tokens ? writeTokens(tokens) : refuse('invalid_grant', 'Invalid refresh token provided');
    }
    default:
      return refuse('unsupported_grant_type');
  }
}

/** The browser's step of the code flow. */
export function authorize(call: Call, world: World): Answer {
  const { query } = call;
  const clientId = query.get('client_id') ?? '';
  const redirectUri = query.get('redirect_uri') ?? '';
  const challenge = query.get('code_challenge') ?? '';
  const method = query.get('code_challenge_method') ?? 'S256';
  const client = world.signIns.findClient(clientId);
  if (!client || !isRegisteredRedirect(redirectUri, client.metadata.redirectUris)) refuse('invalid_request');
  if (query.get('response_type') !== 'code' || challenge === '' || method !== 'S256') refuse('invalid_request');
  const { startUrl } = client.metadata;
  const accountState = world.identities
    .all()
    .find(({ account }) => (startUrl === undefined ? account.kind === 'builder-id' : account.startUrl === startUrl));
  if (!accountState) refuse('invalid_request');
  return answerInBrowser(call, world, accountState, () => ({
    redirectUri,
    code: world.signIns.startCode({ accountState, clientId, challenge, redirectUri }),
  }));
}

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\//;

/** Ignores the port of a loopback address. */
function isRegisteredRedirect(redirectUri: string, registered: readonly string[] | undefined): boolean {
  if (!LOOPBACK.test(redirectUri)) return false;
  const withoutPort = (uri: string) => uri.replace(/:\d+\//, '/');
  return registered === undefined || registered.some((uri) => withoutPort(uri) === withoutPort(redirectUri));
}

function redeemCode(world: World, clientId: string | undefined, members: Record<string, JsonValue>): TokenPair {
  const code = world.signIns.takeCode(textOf(members.code));
  const verifier = textOf(members.codeVerifier) ?? '';
  if (!code || code.clientId !== clientId || code.redirectUri !== members.redirectUri) refuse('invalid_grant');
  if (challengeOf(verifier) !== code.challenge) refuse('invalid_grant');
  return world.identities.issue(code.accountState, clientId);
}

function textsOf(value: JsonValue | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? value.flatMap((item) => textOf(item) ?? []) : undefined;
}

/** S256 of RFC 7636. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function checkClient(world: World, clientId: JsonValue | undefined, clientSecret: JsonValue | undefined): void {
  if (!world.signIns.isClient(textOf(clientId), textOf(clientSecret))) refuse('invalid_client');
}

function writeTokens({ accessToken, refreshToken, expiresInS }: TokenPair): Answer {
  return json({ accessToken, tokenType: 'Bearer', expiresIn: expiresInS, refreshToken });
}

const ERRORS = {
  authorization_pending: ['AuthorizationPendingException', 400],
  slow_down: ['SlowDownException', 400],
  expired_token: ['ExpiredTokenException', 400],
  access_denied: ['AccessDeniedException', 400],
  invalid_grant: ['InvalidGrantException', 400],
  invalid_client: ['InvalidClientException', 401],
  invalid_request: ['InvalidRequestException', 400],
  invalid_redirect_uri: ['InvalidRedirectUriException', 400],
  unauthorized_client: ['UnauthorizedClientException', 400],
  invalid_client_metadata: ['InvalidClientMetadataException', 400],
  unsupported_grant_type: ['UnsupportedGrantTypeException', 400],
} as const;

function refuse(error: keyof typeof ERRORS, description: string = error.replaceAll('_', ' ')): never {
  const [name, status] = ERRORS[error];
  throw new OidcRefused(name, status, { error, error_description: description });
}

/** OIDC errors have OAuth bodies, with the exception's name in the header. */
export class OidcRefused extends Refused {
  readonly body: JsonValue;

  constructor(name: string, status: number, body: { readonly error: string; readonly error_description: string }) {
    super({ status, name, message: body.error_description }, `oidc-${body.error}`);
    this.body = body;
  }
}
