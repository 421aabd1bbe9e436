/**
 * Who calls, and whether they may: the bearer token, the header its kind needs, the profile it belongs to. The texts are
 * those users of the service have reported.
 */
import { type Call, headerOf } from './call.ts';
import type { AccountKind, Identities, Standing } from './identities.ts';
import { accessDenied, Refused, validation } from './refusal.ts';

/** Profile which the Kiro IDE sends for every Builder ID. */
const BUILDER_ID_PROFILE = 'arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX';

const INVALID_BEARER = accessDenied('The bearer token included in the request is invalid.');
const INVALID_TOKEN = accessDenied('Invalid token');

/** Throws Refused. */
export function authenticate(call: Call, identities: Identities): Standing {
  const authorization = headerOf(call, 'authorization') ?? '';
  if (authorization.startsWith('AWS4-HMAC-SHA256'))
    throw new Refused(validation('The provided credential is invalid.'), 'auth-sigv4');
  const token = /^Bearer (.+)$/i.exec(authorization)?.[1];
  const standing = token === undefined ? undefined : identities.findByAccessToken(token);
  if (!standing) throw new Refused(INVALID_BEARER, 'auth-bearer');
  if (standing.state === 'suspended') throw new Refused(suspended(standing), 'auth-suspended');
  const type = headerOf(call, 'tokentype');
  if (type !== TOKEN_TYPES[standing.account.kind]) throw new Refused(INVALID_TOKEN, 'auth-token-type', type);
  return standing;
}

const TOKEN_TYPES: Record<AccountKind, string | undefined> = {
  'builder-id': undefined,
  idc: undefined,
  social: undefined,
  'external-idp': 'EXTERNAL_IDP',
  'api-key': 'API_KEY',
};

function suspended({ account }: Standing) {
  const text = `Your User ID (${account.id}) temporarily is suspended. We've locked your account as a security precaution. To restore access, please contact our support team.`;
  return accessDenied(text, 'TEMPORARILY_SUSPENDED');
}

/** The profile rules of a chat request. Throws Refused. */
export function checkProfile({ account }: Standing, profileArn: string | undefined, isRequired: boolean): void {
  if (profileArn === undefined) {
    const needsOne = account.kind === 'idc' || account.kind === 'external-idp';
    if (needsOne || (isRequired && account.kind !== 'api-key'))
      throw new Refused(validation('profileArn is required for this request.'), 'profile-required');
    return;
  }
  const own = account.profileArn ?? (account.kind === 'builder-id' ? BUILDER_ID_PROFILE : undefined);
  if (profileArn !== own) throw new Refused(INVALID_BEARER, 'profile-foreign', profileArn);
}

/** Control-plane calls may leave the profile out; a foreign one is refused. Throws Refused. */
export function checkOptionalProfile(standing: Standing, profileArn: string | undefined): void {
  if (profileArn !== undefined) checkProfile(standing, profileArn, false);
}
