/**
 * Turns the members of a credential into a typed credential, or reports why it cannot be used. Members are never combined
 * across sources: a refresh token, for example, needs the client that came with it.
 */
import { GatewayError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { cappedDate, isoTime, MAX_TOKEN_LIFETIME_MS } from '../../core/times.ts';
import { unreachable } from '../../core/unreachable.ts';
import {
  BUILDER_ID_START_URL,
  checkedProfileArn,
  checkedRegion,
  checkedStartUrl,
  checkedTokenEndpoint,
} from '../credentials/patterns.ts';
import { awsProfileOf, type Credential, type CredentialKind, secretOf } from '../credentials.ts';
import type { Secrets } from '../ports.ts';
import { type Fields, lettersOf, textOf, toMs } from './fields.ts';
import { ImportProblem, type ProblemCode } from './problem.ts';

export interface Reading {
  readonly nowMs: number;
  /** Identity providers' hosts in addition to the trusted ones; undefined: checked when a token is sent. */
  readonly idpHosts?: readonly string[] | undefined;
  /** Set if the place implies the family; otherwise the members decide. */
  readonly family?: Family | undefined;
  /** Set if the family is `aws` and the place implies the kind. */
  readonly awsKind?: 'builder-id' | 'idc' | undefined;
}

/** `aws`: Builder ID or Identity Center. */
export type Family = 'aws' | 'social' | 'external-idp' | 'api-key';

/** Throws ImportProblem. */
export function toSecrets(fields: Fields, reading: Reading): Secrets {
  const credential = toCredential(fields, reading);
  return { credential, accessToken: credential.kind === 'api-key' ? undefined : toAccessToken(fields, reading) };
}

function toAccessToken(fields: Fields, { nowMs }: Pick<Reading, 'nowMs'>): Secrets['accessToken'] {
  const value = textOf(fields.accessToken);
  const dateMs = toMs(fields.expiresAt);
  if (value === undefined || dateMs === undefined || isMasked(value)) return undefined;
  return { value, expiresAtMs: cappedDate(dateMs, nowMs, MAX_TOKEN_LIFETIME_MS) };
}

function toCredential(fields: Fields, reading: Reading): Credential {
  const region = checked('bad-region', () => checkedRegion(textOf(fields.region) ?? 'us-east-1'));
  const family = reading.family ?? familyOf(fields);
  if (family === 'api-key') return { kind: 'api-key', apiKey: apiKeyOf(fields), region };
  const refreshToken = refreshTokenOf(fields, reading);
  const arn = textOf(fields.profileArn);
  const profileArn = arn === undefined ? undefined : checked('bad-arn', () => checkedProfileArn(arn));
  switch (family) {
    case 'social':
      return { kind: 'social', refreshToken, region, profileArn };
    case 'external-idp': {
      const { clientId, tokenEndpoint, scopes } = externalClientOf(fields, reading);
      return { kind: 'external-idp', refreshToken, clientId, tokenEndpoint, scopes, region, profileArn };
    }
    case 'aws': {
      const url = textOf(fields.startUrl);
      const startUrl = url === undefined ? undefined : checked('bad-start-url', () => checkedStartUrl(url));
      const client = awsClientOf(fields, reading);
      const kind = reading.awsKind ?? awsKindOf(fields, startUrl, region);
      return { kind, refreshToken, ...client, region, startUrl, profileArn };
    }
    default:
      return unreachable(family);
  }
}

/** Keys as `lettersOf` normalizes them. */
export const METHOD_FAMILIES: Readonly<Record<string, Family>> = {
  social: 'social',
  google: 'social',
  github: 'social',
  idc: 'aws',
  sso: 'aws',
  awssso: 'aws',
  builderid: 'aws',
  awsbuilderid: 'aws',
  identitycenter: 'aws',
  iamidentitycenter: 'aws',
  externalidp: 'external-idp',
  apikey: 'api-key',
};
export const PROVIDER_FAMILIES: Readonly<Record<string, Family>> = {
  google: 'social',
  github: 'social',
  builderid: 'aws',
  awsbuilderid: 'aws',
  enterprise: 'aws',
  internal: 'aws',
  externalidp: 'external-idp',
  azuread: 'external-idp',
};

function familyOf(fields: Fields): Family {
  const method = METHOD_FAMILIES[lettersOf(textOf(fields.authMethod) ?? '')];
  if (method) return method;
  if (isApiKey(fields.apiKey)) return 'api-key';
  const provider = PROVIDER_FAMILIES[lettersOf(textOf(fields.provider) ?? '')];
  if (provider) return provider;
  if (fields.tokenEndpoint !== undefined) return 'external-idp';
  const { clientId, clientSecret, clientIdHash, startUrl } = fields;
  const hasClient = [clientId, clientSecret, clientIdHash, startUrl].some((value) => textOf(value) !== undefined);
  return hasClient ? 'aws' : 'social';
}

/** The vendor's programs read a missing start URL as Builder ID, and Builder IDs exist in one region only. */
function awsKindOf(fields: Fields, startUrl: string | undefined, region: string): 'builder-id' | 'idc' {
  const names = [fields.provider, fields.authMethod].map((value) => lettersOf(textOf(value) ?? ''));
  if (names.includes('builderid') || names.includes('awsbuilderid')) return 'builder-id';
  if (names.includes('enterprise') || names.includes('internal')) return 'idc';
  if (startUrl !== undefined) return startUrl === BUILDER_ID_START_URL ? 'builder-id' : 'idc';
  return region === 'us-east-1' && fields.profileArn === undefined ? 'builder-id' : 'idc';
}

/** In characters; real tokens are several times longer. */
const MIN_REFRESH_TOKEN_LENGTH = 100;

function refreshTokenOf(fields: Fields, { nowMs }: Reading): string {
  const token = textOf(fields.refreshToken);
  if (token === undefined) throw withoutRefreshToken(fields, nowMs);
  if (isMasked(token)) throw problem('masked', 'The refresh token is a masked copy. Import the original file.');
  if (token.length < MIN_REFRESH_TOKEN_LENGTH) {
    const message = `The refresh token is truncated: it has ${token.length} characters instead of several hundred.`;
    throw problem('truncated', `${message} Import the original file.`);
  }
  return token;
}

function withoutRefreshToken(fields: Fields, nowMs: number): ImportProblem {
  const token = toAccessToken(fields, { nowMs });
  if (token && token.expiresAtMs <= nowMs)
    return problem(
      'expired',
      `The access token expired on ${dayOf(token.expiresAtMs)} and there is no refresh token. Sign in again with its program.`,
    );
  return problem(
    'no-refresh-token',
    'There is no refresh token, so the credential would work for an hour at most. Sign in again with its program.',
  );
}

function awsClientOf(fields: Fields, { nowMs }: Reading): { clientId: string; clientSecret: string } {
  const clientId = textOf(fields.clientId);
  const clientSecret = textOf(fields.clientSecret);
  if (clientId === undefined || clientSecret === undefined) {
    const message = 'The client registration of the refresh token is missing. Sign in again with its program.';
    throw problem('no-registration', message);
  }
  if (isMasked(clientSecret)) throw problem('masked', 'The client secret is a masked copy. Import the original file.');
  const expiresAtMs = toMs(fields.clientExpiresAt);
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
    const message = `The client registration expired on ${dayOf(expiresAtMs)}. Sign in again with its program.`;
    throw problem('expired', message);
  }
  return { clientId, clientSecret };
}

function externalClientOf(fields: Fields, { idpHosts }: Reading) {
  const clientId = textOf(fields.clientId);
  const endpoint = textOf(fields.tokenEndpoint);
  if (clientId === undefined || endpoint === undefined) {
    const message =
      'The client id or the token endpoint of the identity provider is missing. Sign in again with its program.';
    throw problem('no-registration', message);
  }
  const tokenEndpoint =
    idpHosts === undefined ? endpoint : checked('bad-token-endpoint', () => checkedTokenEndpoint(endpoint, idpHosts));
  return { clientId, tokenEndpoint, scopes: scopesOf(fields.scopes) };
}

/** Accepts a list, or OAuth's space-separated text. */
export function scopesOf(value: JsonValue | undefined): readonly string[] {
  if (Array.isArray(value)) return value.filter((scope) => typeof scope === 'string');
  return textOf(value)?.split(/[\s,]+/) ?? [];
}

function apiKeyOf(fields: Fields): string {
  const key = textOf(fields.apiKey);
  if (key === undefined || !isApiKey(key))
    throw problem('unknown-shape', 'The API key is not a Kiro key. Kiro keys begin with ksk_.');
  if (isMasked(key)) throw problem('masked', 'The API key is a masked copy. Use the original key.');
  return key;
}

export function isApiKey(value: JsonValue | undefined): boolean {
  return textOf(value)?.startsWith('ksk_') ?? false;
}

function isMasked(token: string): boolean {
  return token.includes('...') || token.includes('…') || token.includes('***') || token.includes('•');
}

function dayOf(ms: number): string {
  return isoTime(ms).slice(0, 10);
}

/** Runs a check shared with the settings; its message says what is accepted. */
function checked<T>(code: ProblemCode, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    throw cause instanceof GatewayError ? problem(code, cause.message) : cause;
  }
}

function problem(code: ProblemCode, message: string): ImportProblem {
  return new ImportProblem(code, message);
}

/** Identifies a credential: its long-lived secret, or for IAM the source of its keys. */
export function identityOf(credential: Credential): string {
  return secretOf(credential) ?? `iam ${credential.region} ${awsProfileOf(credential) ?? ''}`;
}

export const KIND_FAMILIES: Readonly<Record<Exclude<CredentialKind, 'iam'>, Family>> = {
  'builder-id': 'aws',
  idc: 'aws',
  social: 'social',
  'external-idp': 'external-idp',
  'api-key': 'api-key',
};
