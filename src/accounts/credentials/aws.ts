/**
 * Signed in at AWS: with a personal Builder ID, or at an organisation's IAM Identity Center.
 * Source: the AWS SSO OIDC API.
 */
import type { KindRules } from './kind.ts';

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

const SIGNED_IN_AT_AWS = {
  serves: 'refreshed',
  client: ['clientId', 'clientSecret'],
  refused: 'The sign-in at AWS has ended. Sign in again with `dragoman login`.',
} as const;

/** The service refuses to list profiles for Builder IDs: they have none of their own. */
export const BUILDER_ID: KindRules = { ...SIGNED_IN_AT_AWS, label: 'Builder ID', profiles: 'none' };
export const IDC: KindRules = { ...SIGNED_IN_AT_AWS, label: 'Identity Center', profiles: 'listed' };
