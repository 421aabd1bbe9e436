/**
 * From the members of a credential to a credential of ours, or to the reason why it cannot be one. Nothing is guessed
 * together: what one member needs (a client for its refresh token, say) must have come with it.
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
  /** Identity providers' hosts besides those which are always trusted; undefined: looked at when one is asked. */
  readonly idpHosts?: readonly string[] | undefined;
  /** Where the place says it; else the members do. */
  readonly family?: Family | undefined;
  /** Where the family is `aws` and the place says which of the two. */
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

/** In small letters, as `lettersOf` makes them. */
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

/** A missing start URL means Builder ID to the vendor's own programs, and Builder IDs live in one region alone. */
function awsKindOf(fields: Fields, startUrl: string | undefined, region: string): 'builder-id' | 'idc' {
  const said = [fields.provider, fields.authMethod].map((value) => lettersOf(textOf(value) ?? ''));
  if (said.includes('builderid') || said.includes('awsbuilderid')) return 'builder-id';
  if (said.includes('enterprise') || said.includes('internal')) return 'idc';
  if (startUrl !== undefined) return startUrl === BUILDER_ID_START_URL ? 'builder-id' : 'idc';
  return region === 'us-east-1' && fields.profileArn === undefined ? 'builder-id' : 'idc';
}

/** Real ones are several times as long. */
const SHORTEST_REFRESH_TOKEN = 100;

function refreshTokenOf(fields: Fields, { nowMs }: Reading): string {
  const token = textOf(fields.refreshToken);
  if (token === undefined) throw withoutRefreshToken(fields, nowMs);
  if (isMasked(token))
    throw problem('masked', 'Its refresh token is a masked copy, as windows show it. Take the file itself.');
  if (token.length < SHORTEST_REFRESH_TOKEN) {
    const said = `Its refresh token was cut off: ${token.length} characters, real ones have several hundred.`;
    throw problem('truncated', `${said} Take the file itself, not what a window shows of it.`);
  }
  return token;
}

function withoutRefreshToken(fields: Fields, nowMs: number): ImportProblem {
  const token = toAccessToken(fields, { nowMs });
  if (token && token.expiresAtMs <= nowMs)
    return problem(
      'expired',
      `It ran out on ${dayOf(token.expiresAtMs)} and has no refresh token. Sign in again there.`,
    );
  return problem(
    'no-refresh-token',
    'It has no refresh token, so it would serve for an hour at most. Sign in again there.',
  );
}

function awsClientOf(fields: Fields, { nowMs }: Reading): { clientId: string; clientSecret: string } {
  const clientId = textOf(fields.clientId);
  const clientSecret = textOf(fields.clientSecret);
  if (clientId === undefined || clientSecret === undefined) {
    const message = 'The client registration which its refresh token belongs to is missing. Sign in again there.';
    throw problem('no-registration', message);
  }
  if (isMasked(clientSecret)) throw problem('masked', 'Its client secret is a masked copy. Take the file itself.');
  const expiresAtMs = toMs(fields.clientExpiresAt);
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
    const message = `Its client registration ran out on ${dayOf(expiresAtMs)}. Sign in again there.`;
    throw problem('expired', message);
  }
  return { clientId, clientSecret };
}

function externalClientOf(fields: Fields, { idpHosts }: Reading) {
  const clientId = textOf(fields.clientId);
  const endpoint = textOf(fields.tokenEndpoint);
  if (clientId === undefined || endpoint === undefined) {
    const message = 'It lacks the client or the token endpoint of its identity provider. Sign in again there.';
    throw problem('no-registration', message);
  }
  const tokenEndpoint =
    idpHosts === undefined ? endpoint : checked('bad-token-endpoint', () => checkedTokenEndpoint(endpoint, idpHosts));
  return { clientId, tokenEndpoint, scopes: scopesOf(fields.scopes) };
}

/** A list, or one text with spaces as OAuth has it. */
export function scopesOf(value: JsonValue | undefined): readonly string[] {
  if (Array.isArray(value)) return value.filter((scope) => typeof scope === 'string');
  return textOf(value)?.split(/[\s,]+/) ?? [];
}

function apiKeyOf(fields: Fields): string {
  const key = textOf(fields.apiKey);
  if (key === undefined || !isApiKey(key))
    throw problem('unknown-shape', 'Its key is none of Kiro: they begin with ksk_.');
  if (isMasked(key)) throw problem('masked', 'Its key is a masked copy. Take the key itself.');
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

/** Checks shared with the settings, whose messages say what is accepted. */
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

/** What tells two credentials apart: the lasting secret, or for IAM where its keys come from. */
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
