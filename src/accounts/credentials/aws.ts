/**
 * An AWS sign-in: a personal Builder ID, or an organisation's IAM Identity Center.
 * Source: the AWS SSO OIDC API.
 */
import type { KindRules } from './kind.ts';

export interface AwsCredential {
  readonly kind: 'builder-id' | 'idc';
  readonly refreshToken: string;
  /** The client the refresh token was issued to; it works with no other. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Region of the sign-in; the API may be in another. */
  readonly region: string;
  readonly startUrl: string | undefined;
  readonly profileArn: string | undefined;
}

const SIGNED_IN_AT_AWS = {
  serves: 'refreshed',
  client: ['clientId', 'clientSecret'],
  refused: 'The AWS sign-in has ended. Sign in again with `dragoman login`.',
} as const;

/** Builder IDs have no profile of their own, and the service refuses to list any for them. */
export const BUILDER_ID: KindRules = { ...SIGNED_IN_AT_AWS, label: 'Builder ID', profiles: 'none' };
export const IDC: KindRules = { ...SIGNED_IN_AT_AWS, label: 'Identity Center', profiles: 'listed' };
