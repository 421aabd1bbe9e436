/**
 * Authenticates requests: the bearer token, the header that its kind needs and its profile, or for IAM the
 * signature. The error texts are those reported by users of the service.
 */
import { type Call, headerOf } from './call.ts';
import { isSdkUserAgent, looksAtUserAgent } from './hosts.ts';
import type { AccountKind, Identities, SimulatedAccountState } from './identities.ts';
import { accessDenied, Refused, validation } from './refusal.ts';
import type { Refusal } from './script.ts';
import { isSignedWith, parseAuthorization } from './sigv4.ts';
import type { World } from './world.ts';

/** The profile that the Kiro IDE sends for every Builder ID. */
const BUILDER_ID_PROFILE = 'arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX';

const INVALID_BEARER = accessDenied('The bearer token included in the request is invalid.');
const INVALID_TOKEN = accessDenied('Invalid token');
const NOT_AUTHORIZED = accessDenied('User is not authorized to make this call.');
/** A bearer token at the IAM service, or a signature at another one. */
const WRONG_CREDENTIAL = validation('The provided credential is invalid.');

/** Calls to this service are signed; calls to the others carry bearer tokens. */
const IAM_SERVICE = 'AmazonQDeveloperStreamingService';
const SIGNING_NAME = 'q';
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

/** Throws Refused. */
export function authenticate(call: Call, { identities, now, service }: Caller): SimulatedAccountState {
  const authorization = headerOf(call, 'authorization') ?? '';
  checkUserAgent(call, service.checksUserAgent);
  if (call.service === IAM_SERVICE) return authenticateSigned(call, authorization, identities, now());
  if (authorization.startsWith('AWS4-')) throw new Refused(WRONG_CREDENTIAL, 'auth-sigv4');
  const token = /^Bearer (.+)$/i.exec(authorization)?.[1];
  const accountState = token === undefined ? undefined : identities.findByAccessToken(token);
  if (!accountState || accountState.account.kind === 'iam') throw new Refused(badBearer(call), 'auth-bearer');
  if (accountState.state === 'suspended') throw new Refused(suspended(accountState), 'auth-suspended');
  checkTokenType(accountState.account.kind, call, service.takesSsoTokenType);
  checkRegion(accountState, call);
  return accountState;
}

type Caller = Pick<World, 'identities' | 'now' | 'service'>;

/** The control plane of kiro.dev responds with 400 where every other host responds with 403. */
function badBearer({ host }: Call): Refusal {
  return host === 'management' ? { ...INVALID_BEARER, status: 400 } : INVALID_BEARER;
}

/** The error misleadingly mentions the token, as the service does. */
function checkUserAgent(call: Call, isChecked: boolean): void {
  if (!isChecked || !looksAtUserAgent(call.host)) return;
  const userAgent = headerOf(call, 'user-agent');
  if (isSdkUserAgent(userAgent)) return;
  const refusal = call.host === 'management' ? badBearer(call) : NOT_AUTHORIZED;
  throw new Refused(refusal, 'auth-user-agent', userAgent);
}

function checkTokenType(kind: Exclude<AccountKind, 'iam'>, call: Call, takesSsoTokenType: boolean): void {
  const type = headerOf(call, 'tokentype');
  const needed = TOKEN_TYPES[kind];
  const isSso = needed === undefined && type === 'SSO_OIDC' && looksAtUserAgent(call.host);
  if (type === needed || (isSso && takesSsoTokenType)) return;
  throw new Refused(INVALID_TOKEN, 'auth-token-type', type);
}

/** A region rejects the tokens of accounts that another region serves. */
function checkRegion({ account }: SimulatedAccountState, { region, operation }: Call): void {
  const own = account.apiRegion ?? account.profileArn?.split(':')[3];
  // Profiles can be listed in every region, which is how clients find the right one.
  if (region === undefined || own === undefined || region === own || operation === 'ListAvailableProfiles') return;
  throw new Refused(NOT_AUTHORIZED, 'auth-region', region);
}

const TOKEN_TYPES: Record<Exclude<AccountKind, 'iam'>, string | undefined> = {
  'builder-id': undefined,
  idc: undefined,
  social: undefined,
  'external-idp': 'EXTERNAL_IDP',
  'api-key': 'API_KEY',
};

function suspended({ account }: SimulatedAccountState) {
  const text = `Your User ID (${account.id}) temporarily is suspended. We've locked your account as a security precaution. To restore access, please contact our support team.`;
  return accessDenied(text, 'TEMPORARILY_SUSPENDED');
}

function authenticateSigned(
  call: Call,
  authorization: string,
  identities: Identities,
  nowMs: number,
): SimulatedAccountState {
  const scope = parseAuthorization(authorization);
  if (!scope) throw new Refused(WRONG_CREDENTIAL, 'auth-sigv4');
  const accountState = identities.findByAccessToken(scope.accessKeyId);
  const { secretAccessKey, sessionToken } = accountState?.account ?? {};
  if (!accountState || secretAccessKey === undefined || sessionToken !== headerOf(call, 'x-amz-security-token'))
    throw new Refused(UNKNOWN_KEY, 'auth-key');
  const needed = ['host', 'x-amz-date', ...(sessionToken === undefined ? [] : ['x-amz-security-token'])];
  const isOfRegion = call.region === undefined || call.region === scope.region;
  const isWhole =
    isOfRegion && scope.service === SIGNING_NAME && needed.every((name) => scope.signedHeaders.includes(name));
  const date = headerOf(call, 'x-amz-date') ?? '';
  const isTimely = Math.abs(nowMs - timeOf(date)) <= MAX_CLOCK_SKEW_MS && date.startsWith(scope.date);
  if (!isTimely) throw new Refused(unsigned('Signature expired.'), 'auth-signature-date', date);
  if (!isWhole || !isSignedWith(secretAccessKey, { ...call, path: call.wirePath, body: call.rawBody }, scope))
    throw new Refused(unsigned(NO_MATCH), 'auth-signature');
  if (accountState.state === 'suspended') throw new Refused(suspended(accountState), 'auth-suspended');
  checkRegion(accountState, call);
  return accountState;
}

const UNKNOWN_KEY: Refusal = {
  status: 403,
  name: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
};
const NO_MATCH = 'The request signature we calculated does not match the signature you provided.';

function unsigned(message: string): Refusal {
  return { status: 403, name: 'InvalidSignatureException', message };
}

/** Parses ISO 8601 basic format, `20260115T120000Z`; NaN for anything else. */
function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** Checks the profile of a chat request. Throws Refused. */
export function checkProfile(
  { account }: SimulatedAccountState,
  profileArn: string | undefined,
  isRequired: boolean,
): void {
  if (profileArn === undefined) {
    const needsOne = account.kind === 'idc' || account.kind === 'external-idp';
    if (needsOne || (isRequired && account.kind !== 'api-key' && account.kind !== 'iam'))
      throw new Refused(validation('profileArn is required for this request.'), 'profile-required');
    return;
  }
  const own = account.profileArn ?? (account.kind === 'builder-id' ? BUILDER_ID_PROFILE : undefined);
  if (profileArn !== own && !account.moreProfiles?.includes(profileArn))
    throw new Refused(INVALID_BEARER, 'profile-foreign', profileArn);
}

/** Control-plane calls may omit the profile; a foreign one is rejected. Throws Refused. */
export function checkOptionalProfile(accountState: SimulatedAccountState, profileArn: string | undefined): void {
  if (profileArn !== undefined) checkProfile(accountState, profileArn, false);
}
