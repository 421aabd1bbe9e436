/**
 * The credentials of accounts: the union of all kinds, with one file per kind in credentials/. Other code learns how kinds
 * differ from the functions here. Sources: the AWS SSO OIDC API, and what the Kiro IDE and CLI store.
 */
import { unreachable } from '../core/unreachable.ts';
import { API_KEY, type ApiKeyCredential } from './credentials/api-key.ts';
import { type AwsCredential, BUILDER_ID, IDC } from './credentials/aws.ts';
import { EXTERNAL_IDP, type ExternalIdpCredential } from './credentials/external-idp.ts';
import { IAM, type IamCredential } from './credentials/iam.ts';
import type { KindRules } from './credentials/kind.ts';
import { SOCIAL, type SocialCredential } from './credentials/social.ts';

export type { AwsCredential } from './credentials/aws.ts';
export type { ExternalIdpCredential } from './credentials/external-idp.ts';
export type { IamCredential } from './credentials/iam.ts';
export { REGION_PATTERN } from './credentials/patterns.ts';
export type { SocialCredential } from './credentials/social.ts';

export type Credential = AwsCredential | SocialCredential | ExternalIdpCredential | ApiKeyCredential | IamCredential;
export type CredentialKind = Credential['kind'];
export type RefreshableCredential = AwsCredential | SocialCredential | ExternalIdpCredential;

export interface AccessToken {
  readonly value: string;
  readonly expiresAtMs: number;
}

const RULES: Record<CredentialKind, KindRules> = {
  'builder-id': BUILDER_ID,
  idc: IDC,
  social: SOCIAL,
  'external-idp': EXTERNAL_IDP,
  'api-key': API_KEY,
  iam: IAM,
};

export function isRefreshable(credential: Credential): credential is RefreshableCredential {
  return RULES[credential.kind].serves === 'refreshed';
}

/** True if the credential is its own access token, which cannot be renewed. */
export function hasFixedToken(credential: Credential): boolean {
  return RULES[credential.kind].serves === 'bearer';
}

/** True if the service lists profiles for it and requires one in each request. */
export function hasProfiles(credential: Credential): credential is AwsCredential | ExternalIdpCredential {
  return RULES[credential.kind].profiles === 'listed';
}

/** The profile of the AWS credential chain; undefined for other kinds and for the chain's default. */
export function awsProfileOf(credential: Credential): string | undefined {
  return credential.kind === 'iam' ? credential.awsProfile : undefined;
}

export function profileArnOf(credential: Credential): string | undefined {
  return 'profileArn' in credential ? credential.profileArn : undefined;
}

/** The label of an account until its owner changes it. */
export function defaultLabel(credential: Credential): string {
  return RULES[credential.kind].label;
}

/** The fields that must be replaced together with the refresh token, because the token works only with them. */
export function clientFieldsOf(credential: RefreshableCredential): readonly ('clientId' | 'clientSecret')[] {
  return RULES[credential.kind].client;
}

/** The long-lived secret; undefined for IAM, for which none is stored. */
export function secretOf(credential: Credential): string | undefined {
  switch (credential.kind) {
    case 'builder-id':
    case 'idc':
    case 'social':
    case 'external-idp':
      return credential.refreshToken;
    case 'api-key':
      return credential.apiKey;
    case 'iam':
      return undefined;
    default:
      return unreachable(credential);
  }
}

/** If the service rejects the credential for good: what that means, and what to do. */
export function refusalOf(credential: Credential): string {
  return RULES[credential.kind].refused;
}
