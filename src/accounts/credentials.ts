/**
 * What an account signs in with, by kind. Each kind says what it needs to make access tokens and what a request made
 * with it must carry. Source of the kinds: the AWS SSO OIDC API and what the Kiro IDE and CLI store.
 */
import { unreachable } from '../core/unreachable.ts';

/** AWS's own shape; it goes into a host name, so nothing else may pass. */
export const REGION_PATTERN = /^[a-z]{2}(?:-[a-z]+){1,3}-\d$/;
export const BUILDER_ID_START_URL = 'https://view.awsapps.com/start';

/** Signed in at AWS: with a personal Builder ID or at an organisation's Identity Center. */
export interface AwsCredential {
  readonly kind: 'builder-id' | 'idc';
  readonly refreshToken: string;
  /** A refresh token works only with the client it was issued to. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Of the sign-in; the API may be served from another one. */
  readonly region: string;
  readonly startUrl: string | undefined;
  readonly profileArn: string | undefined;
}

/** Signed in at Kiro with Google or GitHub. */
export interface SocialCredential {
  readonly kind: 'social';
  readonly refreshToken: string;
  readonly region: string;
  readonly profileArn: string | undefined;
}

/** A key made by the user for headless use; it is the access token itself. */
interface ApiKeyCredential {
  readonly kind: 'api-key';
  readonly apiKey: string;
  readonly region: string;
}

export type Credential = AwsCredential | SocialCredential | ApiKeyCredential;
export type CredentialKind = Credential['kind'];
export type RefreshableCredential = AwsCredential | SocialCredential;

export interface AccessToken {
  readonly value: string;
  readonly expiresAtMs: number;
}

export function isRefreshable(credential: Credential): credential is RefreshableCredential {
  return credential.kind !== 'api-key';
}

export function profileArnOf(credential: Credential): string | undefined {
  switch (credential.kind) {
    case 'builder-id':
    case 'idc':
    case 'social':
      return credential.profileArn;
    case 'api-key':
      return undefined;
    default:
      return unreachable(credential);
  }
}

export function headersOf(credential: Credential): Readonly<Record<string, string>> {
  switch (credential.kind) {
    case 'api-key':
      return { tokentype: 'API_KEY' };
    case 'builder-id':
    case 'idc':
    case 'social':
      return {};
    default:
      return unreachable(credential);
  }
}
