/**
 * What an account signs in with: the union of all kinds, one file each in credentials/. What differs between them is
 * asked here and nowhere else. Source of the kinds: the AWS SSO OIDC API and what the Kiro IDE and CLI store.
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

/** The credential is its own access token, which cannot be renewed. */
export function hasFixedToken(credential: Credential): boolean {
  return RULES[credential.kind].serves === 'bearer';
}

/** The service lists its profiles, and wants one named in each request. */
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

/** What an account is called until its owner renames it. */
export function defaultLabel(credential: Credential): string {
  return RULES[credential.kind].label;
}

/** What must be replaced together with the refresh token, because the token works with it only. */
export function clientFieldsOf(credential: RefreshableCredential): readonly ('clientId' | 'clientSecret')[] {
  return RULES[credential.kind].client;
}

/** The lasting secret; undefined for IAM, of which none is stored. */
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

/** What it means that the service refuses it for good, and what its owner does then. */
export function refusalOf(credential: Credential): string {
  return RULES[credential.kind].refused;
}
